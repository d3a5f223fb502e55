import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { asked, onPostgres, ownServer } from '../support/postgres.ts'
import { encrypt } from '../support/tls.ts'
import { makeTravellers } from '../support/travelling.ts'
import type { World } from '../support/world.ts'

const password = 'geheim-5f0a'

/** A server that lets a role in only encrypted and with its password. */
async function strictServer() {
  const server = await ownServer()
  const certificate = await encrypt(server)
  await asked(server.url, `create role worker login password '${password}'`)
  const file = String((await asked(server.url, 'show hba_file'))[0]?.['hba_file'])
  const lines = 'hostssl all worker all scram-sha-256\nhost all worker all reject\n'
  writeFileSync(file, lines + readFileSync(file, 'utf8'))
  await asked(server.url, 'select pg_reload_conf()')
  const url = new URL(server.url)
  url.username = 'worker'
  url.password = password
  url.searchParams.set('sslmode', 'verify-full')
  url.searchParams.set('sslrootcert', certificate)
  return { server, url: url.href }
}

const texts = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' }).flatMap((entry) =>
    entry.isFile() ? [readFileSync(join(entry.parentPath, entry.name), 'latin1')] : [],
  )

const shows =
  'env > env.txt; tr "\\0" "\\n" < /proc/$PPID/environ > parent.txt; tr "\\0" " " < /proc/$PPID/cmdline > line.txt'

/** A project is driven to its end, and its agent sees, and its machine writes, nothing of the password. */
async function assertDrives(world: World, remote: { git(...args: string[]): string }): Promise<void> {
  const said: string[] = []
  const daemon = await world.daemon()
  await world.add('one', shows)
  await world.untilStatus('one', 'completed')
  for (const words of [['doctor'], ['status', '-v'], ['config', 'list'], ['gc'], ['show', 'one', '--json']]) {
    const { stdout, stderr } = await world.drover(...words)
    said.push(stdout, stderr)
  }
  daemon.send('SIGTERM')
  const { code, stdout, stderr } = await daemon.ended
  assert.equal(code, 0)
  for (const file of ['env.txt', 'parent.txt', 'line.txt']) {
    const text = remote.git('show', `main:${file}`)
    assert.doesNotMatch(text, new RegExp(`${password}|DATABASE_URL|PGPASS`), file)
  }
  assert.match(remote.git('show', 'main:env.txt'), /DROVER_TASK_ID=one/, 'the agent’s own')
  assert.doesNotMatch([...said, stdout, stderr, ...texts(join(world.root, '.drover'))].join('\n'), new RegExp(password))
}

await onPostgres(() => {
  test('a role that may make schemas drives a project over TLS, and its password is nowhere', async (t) => {
    const { server, url } = await strictServer()
    await asked(server.url, 'grant create on database postgres to worker')
    const { worlds, remote } = await makeTravellers(t, { database: url })
    t.after(() => server[Symbol.asyncDispose]())
    const world = worlds[0]!
    world.env['DROVER_ENV_PASS'] = 'MARKS,DROVER_DATABASE_URL,PGPASSWORD,DBOS_SYSTEM_DATABASE_URL'
    world.env['DBOS_SYSTEM_DATABASE_URL'] = url
    world.env['PGPASSWORD'] = password
    await assertDrives(world, remote)
    const plain = url.replace('verify-full', 'disable')
    const refused = await world.drover('status', '--db', plain, '-v')
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, /rejects connection/)
    assert.doesNotMatch(refused.stderr, new RegExp(password))
    const wrong = await world.drover('daemon', '--db', url.replace(password, 'falsch-77'))
    assert.notEqual(wrong.code, 0)
    assert.match(wrong.stderr, /password authentication failed/)
    assert.doesNotMatch(wrong.stderr, /falsch-77/)
  })

  test('a role that may make nothing drives a project in two schemas that were made for it', async (t) => {
    const { server, url } = await strictServer()
    await asked(server.url, 'create schema drover_given authorization worker')
    await asked(server.url, 'create schema drover_given_dbos authorization worker')
    const { worlds, remote } = await makeTravellers(t, { database: url, project: 'given' })
    t.after(() => server[Symbol.asyncDispose]())
    await assertDrives(worlds[0]!, remote)
    const others = await asked(
      server.url,
      `select nspname from pg_namespace where nspname !~ '^(pg_|information)' order by 1`,
    )
    assert.deepEqual(
      others.map(({ nspname }) => nspname),
      ['drover_given', 'drover_given_dbos', 'public'],
    )
  })
})
