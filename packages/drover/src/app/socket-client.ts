import { connect } from 'node:net'
import { DroverError } from '../domain/error.ts'
import type { Answer, Request } from './socket-words.ts'
import { readHolder } from './holder.ts'
import type { Places } from './places.ts'

/** Asks the daemon and waits for its answer. No daemon: exit 6. */
export async function askDaemon(places: Places, request: Request, timeoutMs = 30_000): Promise<Answer> {
  const holder = readHolder(places)
  if (!holder) throw new DroverError('no-daemon', {})
  return askAt(holder.socket, request, timeoutMs)
}

/** Says it and does not mind whether anybody hears: the ledger's followers look for themselves. */
export async function tellDaemon(places: Places, request: Request): Promise<void> {
  await askDaemon(places, request, 300).catch(() => undefined)
}

export function askAt(socket: string, request: Request, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (problem: string): void => {
      connection.destroy()
      reject(new DroverError('no-daemon', { problem }))
    }
    const connection = connect(socket, () => connection.end(`${JSON.stringify(request)}\n`))
    let said = ''
    connection.setEncoding('utf8').setTimeout(timeoutMs, () => fail('it took too long'))
    connection.on('data', (text: string) => void (said += text))
    connection.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message))
    connection.on('end', () => {
      if (!said.endsWith('\n')) return fail('it hung up')
      resolve(JSON.parse(said) as Answer)
    })
  })
}
