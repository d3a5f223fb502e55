import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Control, Hindrances } from './hindrances.ts'
import { type Entry, Log } from './log.ts'
import { serve } from './serve.ts'

export interface Model {
  url: string
  /** Living: entries change while they are answered. */
  log(): readonly Entry[]
  /** Waits until the log shows it. */
  until<T>(what: string, look: (log: readonly Entry[]) => T | undefined): Promise<T>
  control(change: Control): void
  close(): Promise<void>
}

/** The model behind every agent of a test, on loopback: what it answers is what the prompt says (program.ts). */
export async function startModel(): Promise<Model> {
  const [log, hindrances] = [new Log(), new Hindrances()]
  const server = createServer((request, response) => void serve({ log, hindrances }, request, response))
  // Codex tries a web socket first, and goes on without.
  server.on('upgrade', (_, socket) => void socket.end(noWebSocket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    log: () => log.entries,
    until: (what, look) => log.until(what, look),
    control: (change) => hindrances.control(change),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const noWebSocket = 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
