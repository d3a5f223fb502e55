import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { asked, onPostgres } from '../support/postgres.ts'
import { makePlace, makeProject } from './binary.ts'

const withPassword = (url: string): string => url.replace('postgres@', 'postgres:geheim@')

await onPostgres((database) => {
  test('init --db makes a project in a database, and every command finds it there from then on', async (t) => {
    const { url } = await database.another()
    const place = makePlace(t)
    const made = await place.json('init', '--db', url)
    assert.deepEqual(made.created, [`${url}`, '.drover.toml', '.drover/config.yaml'])
    await place.ok('add', 'First', '--id', 'task-1', '--label', 'red', '--skip-validation')
    await place.ok('add', 'Second', '--id', 'task-2', '-b', 'task-1', '--skip-validation')
    await place.ok('epic', 'add', 'Big', '--id', 'big')
    await place.ok('edit', 'task-2', '--epic', 'big', '-p', 'high')
    await place.ok('pause', 'task-1', '-m', 'later')
    const { tasks } = await place.json('list')
    assert.deepEqual(
      tasks.map((task: { id: string; status: string }) => [task.id, task.status]),
      [
        ['task-2', 'blocked'],
        ['task-1', 'paused'],
      ],
    )
    for (const words of [
      ['status'],
      ['status', '--tree'],
      ['show', '2'],
      ['why', 'task-2'],
      ['summary'],
      ['cost', '--by', 'agent'],
      ['inbox'],
      ['epic', 'show', 'big'],
      ['list', '--status', 'paused,blocked', '--all'],
      ['land', 'history'],
    ])
      assert.ok((await place.ok(...words)).out.length + words.length > 0)
    const { out } = await place.ok('stream', '--since', '0', '--no-follow', '--type', 'task.paused,epic.created')
    assert.deepEqual(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).type),
      ['epic.created', 'task.paused'],
    )
    assert.match(
      (await place.drover('doctor')).out,
      /postgres:\/\/postgres@127\.0\.0\.1:\d+\/\w+, PostgreSQL \d+.*answers in/,
    )
    assert.equal((await place.drover('status', '--db', 'sqlite://')).code, 2)
  })

  test('two projects share a database and nothing else', async (t) => {
    const { url } = await database.another()
    const [one, two] = [makePlace(t), makePlace(t)]
    for (const place of [one, two]) await place.ok('init', '--db', url)
    await Promise.all(
      [one, two].map((place, i) => place.ok('add', `Of ${i}`, '--id', 'task-same', '--skip-validation')),
    )
    const titles = await Promise.all([one, two].map(async (place) => (await place.json('list')).tasks[0].title))
    assert.deepEqual(titles, ['Of 0', 'Of 1'])
    const schemas = await asked(url, "select nspname from pg_namespace where nspname like 'drover%'")
    assert.equal(schemas.length, 2)
    const stranger = makePlace(t)
    await stranger.ok('init')
    const { message } = await stranger.refused('no-ledger', 3, 'list', '--db', url)
    assert.match(message, /holds no project called project-/)
  })

  test('init of another clone joins the project that its copy of the id names', async (t) => {
    const { url } = await database.another()
    const [first, second] = [makePlace(t), makePlace(t)]
    await first.ok('init', '--db', url)
    await first.ok('add', 'Shared', '--skip-validation')
    const id = readFileSync(join(first.root, '.drover/config.yaml'), 'utf8')
    await second.ok('init')
    writeFileSync(join(second.root, '.drover/config.yaml'), id)
    const joined = await second.json('init', '--db', url)
    assert.ok(!joined.created.includes(url), 'it was there')
    assert.equal((await second.json('list', '--db', url)).tasks[0].title, 'Shared')
  })

  test('the flag goes before DROVER_DATABASE_URL, that before the file, and DBOS_SYSTEM_DATABASE_URL counts last', async (t) => {
    const urls = await Promise.all(['flag', 'variable', 'file', 'dbos'].map(async () => (await database.another()).url))
    const [flag, variable, file, dbos] = urls as [string, string, string, string]
    const place = await makeProject(t)
    const from = async (env: Record<string, string>, ...words: string[]): Promise<string> => {
      const { settings } = await place.json('config', 'list', ...words, { env })
      const found = settings.find((row: { key: string }) => row.key === 'database_url')
      return [found.value, found.origin.replace(/.*\//, '')].join(' from ')
    }
    await Promise.all(urls.map((url) => place.ok('init', '--db', url)))
    const all = { DROVER_DATABASE_URL: variable, DBOS_SYSTEM_DATABASE_URL: dbos }
    const setInFile = (text: string) => writeFileSync(join(place.root, '.drover.toml'), text)
    setInFile('')
    assert.equal(await from({}), ' from default')
    assert.equal(await from({ DBOS_SYSTEM_DATABASE_URL: dbos }), `${dbos} from DBOS_SYSTEM_DATABASE_URL`)
    setInFile(`database_url = "${file}"\n`)
    assert.equal(await from({ DBOS_SYSTEM_DATABASE_URL: dbos }), `${file} from .drover.toml`)
    assert.equal(await from(all), `${variable} from DROVER_DATABASE_URL`)
    assert.equal(await from(all, '--db', flag), `${flag} from flag`)
    setInFile('database_url = ""\n')
    assert.equal(await from({ DBOS_SYSTEM_DATABASE_URL: dbos }), ' from .drover.toml', 'an empty one is set, too')
  })

  test('a password is in nothing that drover shows or writes', async (t) => {
    const { url } = await database.another()
    const place = makePlace(t)
    const secret = withPassword(url)
    const env = { DROVER_DATABASE_URL: secret }
    const said: string[] = []
    const says = async (...words: string[]): Promise<void> => {
      const { out, err } = await place.drover(...words, { env })
      said.push(out, err)
    }
    await says('init', '--db', secret)
    for (const words of [
      ['status'],
      ['config', 'list'],
      ['config', 'get', 'database_url'],
      ['doctor'],
      ['list', '--json'],
    ])
      await says(...words)
    await says('config', 'set', 'database_url', `${secret}?password=geheim`)
    said.push(readFileSync(join(place.root, '.drover/config.yaml'), 'utf8'))
    writeFileSync(join(place.root, '.drover.toml'), '')
    for (const broken of [
      secret.replace(/:\d+\//, ':1/'),
      secret.replace(/\/\w+$/, '/nowhere'),
      `${url}?sslmode=require&password=geheim`,
      'postgres://postgres:geheim@[/x',
      'mysql://root:geheim@127.0.0.1/x',
    ])
      await says('status', '--db', broken, '-v')
    assert.match(said.join(''), /postgres:\/\/postgres@127/, 'where it is, is shown')
    assert.doesNotMatch(said.join('\n'), /geheim/)
  })
})
