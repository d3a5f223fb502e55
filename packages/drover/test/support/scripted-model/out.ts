import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Out } from './conversation.ts'

/** An answer as one document, or as a stream of events. What a client no longer reads is not written. */
export function outTo(response: ServerResponse): Out {
  return {
    json(status, body, headers = {}) {
      if (response.destroyed) return
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify(body))
    },
    event(name, body) {
      if (response.destroyed) return
      if (!response.headersSent)
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
      response.write(`${name === null ? '' : `event: ${name}\n`}data: ${JSON.stringify(body)}\n\n`)
    },
    async *pieces({ text, stream }) {
      const { pieces, everyMs } = stream ?? { pieces: 0, everyMs: 0 }
      for (let piece = 0; piece < pieces && !response.destroyed; piece++) {
        yield `piece ${piece} `
        await wait(everyMs)
      }
      yield text
    },
    end: (lastLine = '') => void response.end(lastLine),
  }
}
