// Keeps one PostgreSQL server for the processes that are connected to it, and takes it away when the last of them is gone, however
// it went: the kernel closes the connections of the dead.
//
//   node postgres-keeper.ts FOLDER MILLISECONDS
//
// It stays so long after the last one has gone.
// It listens on FOLDER/s. Whoever connects is sent one line of JSON, { url } or { error }; `crash` and `start` are answered likewise.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startServer } from './postgres-server.ts'

const folder = process.argv[2]!
const lingersMs = Number(process.argv[3])

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const starting = startServer(folder).catch((error: unknown) => ({ error: words(error) }))
const users = new Set<Socket>()
let leaving: NodeJS.Timeout | undefined

const door = createServer((user) => {
  users.add(user)
  clearTimeout(leaving)
  user
    .on('error', () => undefined)
    .on('close', () => {
      users.delete(user)
      if (users.size === 0) leaving = setTimeout(() => void leave(), lingersMs)
    })
  const answer = async (ask: string): Promise<void> => {
    const said = JSON.stringify(await reply(ask))
    if (user.writable) user.write(`${said}\n`)
  }
  void answer('start')
  createInterface(user).on('line', (ask) => void answer(ask))
})

async function reply(ask: string): Promise<{ url: string } | { error: string }> {
  const server = await starting
  if ('error' in server) return server
  try {
    await (ask === 'crash' ? server.crash() : server.start())
    return { url: server.url }
  } catch (error) {
    return { error: words(error) }
  }
}

async function leave(): Promise<void> {
  door.close()
  const server = await starting
  if ('crash' in server) await server.crash()
  rmSync(folder, { recursive: true, force: true })
  process.exit()
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void leave())
leaving = setTimeout(() => void leave(), 60_000)
door.listen(join(folder, 's'), () => chmodSync(join(folder, 's'), 0o600))
