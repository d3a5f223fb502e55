import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { postgresPrograms } from './postgres-programs.ts'

export interface PostgresServer {
  url: string
  /** Ends it as `pg_ctl stop -m immediate` does. */
  crash(): Promise<void>
  /** Nothing while it runs. */
  start(): Promise<void>
}

const startsMs = 30_000
/** Nothing here outlives the machine, so nothing waits for its disks; commits still survive a crash of the server. */
const settings = ['fsync=off', 'full_page_writes=off', 'unix_socket_directories=', 'listen_addresses=127.0.0.1']
const room = ['max_connections=200', 'dynamic_shared_memory_type=mmap', 'shared_buffers=32MB', 'logging_collector=off']

/** A server of its own in this folder, for this machine alone; runs as somebody who is not root. */
export async function startServer(folder: string): Promise<PostgresServer> {
  const programs = await postgresPrograms()
  const owner = nobody()
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  chmodSync(folder, 0o711)
  if (owner) chownSync(data, owner.uid, owner.gid)
  const begin = (program: string, words: string[], out: 'pipe' | number): ChildProcess =>
    spawn(join(programs, program), words, {
      ...owner,
      cwd: '/',
      stdio: ['ignore', out, out],
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    })

  await succeeds(
    begin('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'], 'pipe'),
  )
  const port = await freePort()
  const log = join(folder, 'log')
  let child: ChildProcess | undefined
  const server: PostgresServer = {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async start() {
      if (child) return
      const words = [...settings, ...room, `port=${port}`].flatMap((setting) => ['-c', setting])
      const begun = begin('postgres', ['-D', data, ...words], openSync(log, 'a'))
      child = begun
      begun.on('exit', () => (child = child === begun ? undefined : child))
      await answers(port, begun, log)
    },
    async crash() {
      if (!child) return
      const over = once(child, 'exit')
      child.kill('SIGQUIT')
      await over
    },
  }
  await server.start()
  return server
}

/** PostgreSQL refuses to be root. */
function nobody(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (!found) throw new Error('there is neither a user postgres nor a user nobody that a server could run as')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

async function succeeds(child: ChildProcess): Promise<void> {
  const whole = Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')])
  const [out, err, [code]] = await whole
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}: ${(out + err).slice(-2000)}`)
}

async function freePort(): Promise<number> {
  const door = createServer().listen(0, '127.0.0.1')
  await once(door, 'listening')
  const address = door.address()
  door.close()
  await once(door, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A server that is still recovering takes no question yet, so it is asked as a client asks. */
async function answers(port: number, child: ChildProcess, log: string): Promise<void> {
  for (const late = performance.now() + startsMs; child.exitCode === null; await wait(20)) {
    if (await isReady(port)) return
    if (performance.now() > late) child.kill('SIGKILL')
  }
  throw new Error(`postgres did not come up: ${readFileSync(log, 'utf8').slice(-2000)}`)
}

/** Sends the first message of the protocol, and is ready when the answer is no error. */
async function isReady(port: number): Promise<boolean> {
  const words = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(words.length + 8, 0)
  head.writeInt32BE(196_608, 4)
  const line = connect(port, '127.0.0.1')
  try {
    await once(line, 'connect')
    line.write(Buffer.concat([head, words]))
    const [answer] = (await once(line, 'data')) as [Buffer]
    return answer[0] === 'R'.charCodeAt(0)
  } catch {
    return false
  } finally {
    line.destroy()
  }
}
