import { type IncomingMessage, request } from 'node:http'
import { type Fields, isFields } from './opencode-events.ts'

export interface Answer {
  status: number
  text: string
  /** What it is as JSON, where it is that. */
  body: unknown
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Calls to OpenCode's server. Nothing here throws: a server that cannot be reached has the status 0. */
export function openHttp(url: string, password: string) {
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`

  const open = (method: string, path: string, said?: Fields): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { authorization, ...(said && { 'content-type': 'application/json' }) }
      const call = request(`${url}${path}`, { method, headers }, resolve)
      call.on('error', reject)
      call.end(said && JSON.stringify(said))
    })

  const call = async (method: string, path: string, said?: Fields): Promise<Answer> => {
    try {
      const message = await open(method, path, said)
      const chunks: Buffer[] = []
      for await (const chunk of message) chunks.push(chunk as Buffer)
      const text = Buffer.concat(chunks).toString('utf8')
      return { status: message.statusCode ?? 0, text, body: read(text) }
    } catch (error) {
      return { status: 0, text: (error as Error).message, body: undefined }
    }
  }

  return {
    get: (path: string) => call('GET', path),
    post: (path: string, said: Fields) => call('POST', path, said),

    /** The version, when it answers. */
    async health(stop: AbortSignal): Promise<string | undefined> {
      for (let tries = 0; tries < 300 && !stop.aborted; tries++) {
        const { status, body } = await call('GET', '/global/health')
        if (status === 200) return isFields(body) ? String(body['version']) : ''
        await pause(100)
      }
      throw new Error('the server listens and does not answer')
    },

    /** Hears its events, from now on and after every time the stream was cut. Returns when it is open. */
    async follow(path: string, hear: (event: Fields) => void, again: () => void, stop: AbortSignal): Promise<void> {
      const first = await open('GET', path)
      void (async () => {
        for (let stream: IncomingMessage | undefined = first; !stop.aborted;) {
          if (stream) await readEvents(stream, hear).catch(() => undefined)
          if (stop.aborted) return
          await pause(200)
          stream = await open('GET', path).catch(() => undefined)
          if (stream) again()
        }
      })()
    },
  }
}

function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // an empty answer, or a page
  }
}

/** Server-sent events whose data is JSON. */
async function readEvents(stream: IncomingMessage, hear: (event: Fields) => void): Promise<void> {
  let rest = ''
  for await (const chunk of stream.setEncoding('utf8')) {
    rest += String(chunk).replaceAll('\r', '')
    const events = rest.split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const lines = event.split('\n').filter((line) => line.startsWith('data:'))
      const value = read(lines.map((line) => line.slice(5)).join('\n'))
      if (isFields(value)) hear(value)
    }
  }
}
