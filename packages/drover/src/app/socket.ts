import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import type { Answer, Request } from './socket-words.ts'
import { socketPlace } from './socket-place.ts'
import type { Places } from './places.ts'

const longest = 1024 * 1024

export interface DaemonSocket {
  path: string
  close(): Promise<void>
}

/** One request a line, one answer a line. The folder is private to the user; agents show their attempt's token besides. */
export async function openSocket(places: Places, answer: (request: Request) => Promise<Answer>): Promise<DaemonSocket> {
  const { folder, socket: path } = socketPlace(places)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  rmSync(path, { force: true })
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    open.add(connection)
    connection.on('close', () => open.delete(connection)).on('error', () => connection.destroy())
    void readLine(connection)
      .then((line) => answer(JSON.parse(line) as Request))
      .catch((error: unknown): Answer => ({
        ok: false,
        code: 'internal',
        problem: error instanceof Error ? error.message : String(error),
      }))
      .then((said) => connection.end(`${JSON.stringify(said)}\n`))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        for (const connection of open) connection.destroy()
        server.close(() => {
          rmSync(folder, { recursive: true, force: true })
          resolve()
        })
      }),
  }
}

function readLine(connection: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    connection.setEncoding('utf8')
    connection.on('data', (text: string) => {
      said += text
      if (said.length > longest) reject(new Error('too long'))
      else if (said.includes('\n')) resolve(said.slice(0, said.indexOf('\n')))
    })
    connection.on('end', () => reject(new Error('half a request')))
  })
}
