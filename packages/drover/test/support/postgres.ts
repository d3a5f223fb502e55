import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { lock } from './lock.ts'

const startsMs = 180_000
const oldMs = 10 * 60_000
const keeper = fileURLToPath(new URL('postgres-keeper.ts', import.meta.url))
const user = process.getuid?.() ?? 0
// What root starts runs as somebody else, who must get through to it.
const base = join(user === 0 ? '/tmp' : tmpdir(), `drover-test-postgres-${user}`)

/** A database of this test file's own, gone when the file has been tested. */
export interface TestDatabase {
  url: string
  /** Another one, for whoever must be alone; a copy of `template`, if that is named. */
  another(template?: string): Promise<TestDatabase>
}

/** A server that one test may crash. */
export interface OwnServer extends AsyncDisposable {
  url: string
  /** As `pg_ctl stop -m immediate` does it. */
  crash(): Promise<void>
  start(): Promise<void>
}

/** Tests of this file on a database of its own; one test that says why, where no server can be had. In CI that one fails. */
export async function onPostgres(tests: (database: TestDatabase) => void): Promise<void> {
  try {
    tests(await databaseOn(await sharedServer()))
  } catch (cause) {
    const words = `NOT TESTED: there is no PostgreSQL to test with: ${cause instanceof Error ? cause.message : cause}`
    process.stderr.write(`\n*** ${words}\n\n`)
    void test('PostgreSQL', (t) => {
      if (process.env['CI']) throw new Error(words, { cause })
      t.skip(words)
    })
  }
}

/** The one of DROVER_TEST_PG_URL, else one for everybody who tests now; it goes with the last of them. */
async function sharedServer(): Promise<string> {
  const given = process.env['DROVER_TEST_PG_URL']
  if (given) return given
  const { url, line } = await keptServer()
  line.unref()
  return url
}

async function keptServer(): Promise<Kept> {
  const pointer = `${base}.at`
  const unlock = await lock(`${base}.lock`, startsMs)
  try {
    const living = await visit(at(pointer)).catch(() => undefined)
    if (living) return living
    sweep()
    const folder = keep(2000)
    writeFileSync(pointer, folder)
    return await visit(folder, startsMs)
  } finally {
    unlock()
  }
}

const at = (pointer: string): string => {
  try {
    return readFileSync(pointer, 'utf8')
  } catch {
    return base
  }
}

/** A server of this test's own. */
export async function ownServer(): Promise<OwnServer> {
  const { url, line, ask } = await visit(keep(0), startsMs)
  return {
    url,
    crash: () => ask('crash'),
    start: () => ask('start'),
    async [Symbol.asyncDispose]() {
      line.end()
      await once(line, 'close')
    },
  }
}

/** Starts a keeper in a new folder; it has a life of its own. */
function keep(lingersMs: number): string {
  const folder = mkdtempSync(`${base}-`)
  spawn(process.execPath, [keeper, folder, String(lingersMs)], { cwd: '/', detached: true, stdio: 'ignore' }).unref()
  return folder
}

interface Kept {
  url: string
  line: Socket
  ask(words: string): Promise<void>
}

async function visit(folder: string, withinMs = 0): Promise<Kept> {
  const late = performance.now() + withinMs
  const line = await knock(join(folder, 's'), late)
  const answers = createInterface(line)[Symbol.asyncIterator]()
  const answer = async (): Promise<string> => {
    const { value } = await answers.next()
    const said = JSON.parse(value ?? '{"error":"its keeper is gone"}') as { url?: string; error?: string }
    if (said.url === undefined) throw new Error(said.error)
    return said.url
  }
  const ask = async (words: string): Promise<void> => {
    line.write(`${words}\n`)
    await answer()
  }
  return { url: await answer(), line, ask }
}

async function knock(socket: string, late: number): Promise<Socket> {
  for (;;) {
    const line = connect(socket)
    try {
      await once(line, 'connect')
      return line.on('error', () => undefined)
    } catch (error) {
      if (performance.now() > late) throw error
      await wait(20)
    }
  }
}

/** What keepers left that were killed before they could take their server away. */
function sweep(): void {
  for (const folder of globSync(`${base}-*`)) {
    if (Date.now() - statSync(folder).mtimeMs < oldMs) continue
    const pid = Number(/^\d+/.exec(at(join(folder, 'data', 'postmaster.pid')))?.[0] ?? 0)
    if (pid > 0 && at(`/proc/${pid}/cmdline`).includes(folder)) process.kill(pid, 'SIGQUIT')
    if (!globSync(`/proc/[0-9]*/cmdline`).some((file) => at(file).includes(folder)))
      rmSync(folder, { recursive: true, force: true })
  }
}

async function databaseOn(server: string): Promise<TestDatabase> {
  const made: string[] = []
  after(async () => {
    for (const name of made) await asked(server, `drop database if exists "${name}" with (force)`)
  })
  const another = async (template?: string): Promise<TestDatabase> => {
    const name = `drover_test_${randomBytes(6).toString('hex')}`
    await asked(server, `create database "${name}"${template === undefined ? '' : ` template "${template}"`}`)
    made.push(name)
    const url = new URL(server)
    url.pathname = `/${name}`
    return { url: url.href, another }
  }
  return another()
}

/** One statement on a connection of its own. */
export async function asked(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}
