import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { onPostgres, type TestDatabase } from '../support/postgres.ts'
import { makePlace, type Place } from './binary.ts'

/** A project whose first machine has pushed it to a bare remote, and a folder for the next. */
async function shared(t: TestContext, database: TestDatabase) {
  const { url } = await database.another()
  const place = makePlace(t)
  const remote = `file://${join(place.root, '..', 'remote.git')}`
  place.git('init', '-q', '--bare', '-b', 'main', join(place.root, '..', 'remote.git'))
  place.git('remote', 'add', 'origin', remote)
  place.git('push', '-q', '-u', 'origin', 'main')
  await place.ok('init', '--db', url)
  const env = { DROVER_DATABASE_URL: url, DROVER_MACHINE_NAME: 'second' }
  return { url, place, remote, env, folder: join(place.root, '..', 'second') }
}

interface Worker {
  child: ChildProcess
  data: Record<string, unknown>
}

/** A worker that says that it drives; it ends with the test. */
async function working(t: TestContext, place: Place, args: string[], env: Record<string, string>): Promise<Worker> {
  const child = place.start(['worker', ...args, '--json'], { env })
  const said = { out: '', err: '' }
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  t.after(() => child.kill('SIGKILL'))
  for await (const text of child.stdout!.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said.out += text
    if (said.out.endsWith('\n}\n')) break
  }
  assert.match(said.out, /"schema": "drover.worker\/v1"/, said.err)
  return { child, data: JSON.parse(said.out).data }
}

async function stop({ child }: Worker): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
}

await onPostgres((database) => {
  test('worker makes a clone, joins the only project of the database and drives it', async (t) => {
    const { place, remote, env, folder } = await shared(t, database)
    await place.ok('add', 'Away', '--id', 'away', '--run', 'echo away > away.txt', '--skip-validation')
    const worker = await working(t, place, ['-C', folder, '--remote', remote, '-w', '2'], env)
    const { project, ...rest } = worker.data
    assert.match(String(project), /^project-/)
    assert.deepEqual(rest, { root: folder, machine: 'second', cloned: true, workers: 2, pid: worker.child.pid })
    await place.ok('run')
    const { attempts } = await place.json('show', 'away')
    assert.equal(attempts[0].machine, 'second')
    await stop(worker)
    assert.match(readFileSync(join(folder, '.drover/config.yaml'), 'utf8'), new RegExp(`project: ${project}`))
    assert.match(readFileSync(join(folder, '.git/info/exclude'), 'utf8'), /^\/\.drover\/$/m)
    const again = await working(t, place, ['-C', folder], env)
    assert.equal(again.data.cloned, false)
    await stop(again)
  })

  test('a daemon in a clone that has not joined yet joins the same way', async (t) => {
    const { place, remote, env, folder } = await shared(t, database)
    place.git('clone', '-q', remote, folder)
    const holder = await place.json('-C', folder, 'daemon', 'start', { env })
    assert.equal(typeof holder.pid, 'number')
    assert.ok(existsSync(join(folder, '.drover/config.yaml')))
    await place.ok('add', 'Away', '--id', 'away', '--run', 'true', '--skip-validation')
    await place.ok('run')
    const { attempts } = await place.json('show', 'away')
    await place.ok('-C', folder, 'daemon', 'stop', { env })
    assert.equal(attempts[0].machine, 'second')
  })

  test('several projects in a database must be told apart, and one that is not there is named', async (t) => {
    const { url, place, remote, env, folder } = await shared(t, database)
    const other = makePlace(t)
    await other.ok('init', '--db', url)
    const args = ['worker', '-C', folder, '--remote', remote, { env }]
    const { message, hint } = await place.refused('which-project', 2, ...args)
    assert.match(message, /holds several projects: project-\w+, project-\w+/)
    assert.match(hint, /drover worker --project project-/)
    const unknown = await place.refused('no-ledger', 3, ...args, '--project', 'nobody')
    assert.match(unknown.message, /holds no project called nobody/)
    assert.ok(!existsSync(join(folder, '.drover/config.yaml')), 'it has joined none')
    const id = /project: (\S+)/.exec(readFileSync(join(place.root, '.drover/config.yaml'), 'utf8'))![1]!
    const worker = await working(t, place, ['-C', folder, '--project', id], env)
    assert.equal(worker.data['project'], id)
    await stop(worker)
    const wrong = await place.refused('other-clone', 5, 'worker', '-C', folder, '--project', 'nobody', { env })
    assert.match(wrong.message, /its project is project-/)
  })

  test('a worker says what it lacks, and touches nothing of a folder that is not its own', async (t) => {
    const { url, place, remote, env, folder } = await shared(t, database)
    const lone = makePlace(t)
    assert.match((await lone.refused('needs-postgres', 2, 'worker')).message, /\.drover\/drover\.db$/)
    await lone.refused('needs-postgres', 2, 'worker', '-C', folder, '--remote', remote, '--db', 'sqlite:///a.db')
    assert.ok(!existsSync(folder))
    const none = await place.refused('no-clone', 3, 'worker', '-C', folder, { env })
    assert.match(none.hint, /drover worker --remote URL/)
    mkdirSync(folder)
    writeFileSync(join(folder, 'README'), 'mine')
    await place.refused('no-clone', 3, 'worker', '-C', folder, '--remote', remote, { env })
    assert.deepEqual(readdirSync(folder), ['README'])
    const off = await place.refused('no-sharing', 1, 'worker', { env: { ...env, DROVER_LAND_PUSH: 'off' } })
    assert.match(off.hint, /land\.push/)
    await place.refused('remote-away', 75, 'worker', '-C', `${folder}-2`, '--remote', `${remote}-2`, '--db', url)
  })

  test('a clone of another repository joins nothing', async (t) => {
    const { place, env, folder } = await shared(t, database)
    await place.ok('add', 'First', '--id', 'first', '--run', 'echo 1 > 1.txt', '--skip-validation')
    await place.ok('run')
    const strange = join(folder, '..', 'strange.git')
    place.git('clone', '-q', '--bare', place.root, strange)
    const tree = place.git('rev-parse', 'HEAD^{tree}')
    const elsewhere = place.git('commit-tree', '-m', 'elsewhere', tree)
    place.git('push', '-q', '--force', strange, `${elsewhere}:refs/heads/main`)
    place.git('-C', strange, 'update-ref', '-d', 'refs/drover/landed/first')
    place.git('clone', '-q', `file://${strange}`, folder)
    const { message } = await place.refused('other-clone', 5, 'worker', '-C', folder, { env })
    assert.match(message, /first of project-\w+ landed as \w{12}, which origin does not know/)
    const named = await place.refused('other-clone', 5, 'worker', '-C', folder, '--remote', 'git@example.com:a', {
      env,
    })
    assert.match(named.message, /its remotes: file:/)
    assert.ok(!existsSync(join(folder, '.drover/config.yaml')))
  })
})
