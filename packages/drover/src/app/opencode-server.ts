import { randomBytes } from 'node:crypto'
import { environment } from './load-config.ts'
import { merged } from './opencode-config.ts'
import type { Fields } from './opencode-events.ts'
import { startBeside } from './system.ts'

const graceMs = 3_000
const longestTail = 8_000

/** Starts `opencode serve` on a port of its own choice on loopback; whoever knows the password may speak to it. */
export function startServer(command: readonly string[], config: Fields) {
  const [file = 'opencode', ...args] = command
  const password = randomBytes(24).toString('base64url')
  const child = startBeside({
    file,
    args: [...args, 'serve', '--hostname', '127.0.0.1', '--port', '0'],
    env: {
      ...environment,
      OPENCODE_CONFIG_CONTENT: merged(environment.OPENCODE_CONFIG_CONTENT, config),
      OPENCODE_SERVER_USERNAME: 'opencode',
      OPENCODE_SERVER_PASSWORD: password,
    },
  })
  let tail = ''
  const url = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        tail = (tail + text).slice(-longestTail)
        const found = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(tail)
        if (found) resolve(found[1]!)
      })
  })
  let stopping: NodeJS.Timeout | undefined
  return {
    password,
    /** Where it listens. Never, when it ends before. */
    url,
    ended: child.ended.then(({ exitCode, signal, problem }) => {
      clearTimeout(stopping)
      return { exitCode, signal, text: (problem ?? tail).trim() }
    }),
    stop(): void {
      child.kill('SIGTERM')
      stopping ??= setTimeout(() => child.kill('SIGKILL'), graceMs)
    },
  }
}
