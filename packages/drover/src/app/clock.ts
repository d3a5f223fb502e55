import { randomBytes } from 'node:crypto'
import type { Clock } from '../ports/clock.ts'

export const realClock: Clock = {
  now: () => Date.now(),
  ticks: () => performance.now(),
  random: () => Math.random(),
  bytes: (count) => randomBytes(count),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1))
      signal?.addEventListener('abort', done, { once: true })
    }),
}
