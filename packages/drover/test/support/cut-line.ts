import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A line to a database that breaks at a commit: before the server has heard it, or after, so that only its reply is lost. */
export interface CutLine extends AsyncDisposable {
  url: string
  /** How many commits went through, and how many were cut. */
  counts: { passed: number; before: number; after: number }
  /** Breaks all connections; others can be made at once. */
  cut(): void
  /** Nothing gets through, and nobody is told of it, until what this returns is called. */
  hang(): () => void
}

type Cut = 'before' | 'after' | undefined

/** `cutAt` is asked at each commit, numbered from 1. */
export async function cutLine(url: string, cutAt: (n: number) => Cut): Promise<CutLine> {
  const { hostname, port } = new URL(url)
  const counts = { passed: 0, before: 0, after: 0 }
  const lines = new Set<Socket>()
  let commits = 0
  let hanging = 0

  const door = createServer((client) => {
    const server = connect(Number(port), hostname)
    const cut = (): void => void [client, server].map((line) => line.destroy())
    for (const line of [client, server]) {
      lines.add(line)
      if (hanging > 0) line.pause()
      line.on('error', () => undefined).on('close', () => lines.delete(line) && cut())
    }
    client.on('data', (words: Buffer) => {
      const when = isCommit(words) ? cutAt(++commits) : undefined
      if (isCommit(words)) counts[when ?? 'passed']++
      if (when === 'before') return cut()
      if (when === 'after') server.removeAllListeners('data').once('data', cut)
      server.write(words)
    })
    server.on('data', (words) => client.write(words))
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  const address = door.address()
  const target = new URL(url)
  if (typeof address === 'object' && address !== null) target.port = String(address.port)
  return {
    url: target.href,
    counts,
    cut() {
      for (const line of lines) line.destroy()
    },
    hang() {
      if (hanging++ === 0) for (const line of lines) line.pause()
      return () => {
        if (--hanging === 0) for (const line of lines) line.resume()
      }
    },
    async [Symbol.asyncDispose]() {
      for (const line of lines) line.destroy()
      door.close()
      await once(door, 'close')
    },
  }
}

/** The last word of a transaction that wrote, which is one message; DBOS says nothing else in it. */
const isCommit = (words: Buffer): boolean =>
  words[0] === 'Q'.charCodeAt(0) && /(?:; commit|^Q....COMMIT)\0/s.test(words.toString('latin1'))
