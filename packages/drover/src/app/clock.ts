import type { Clock } from '../ports/clock.ts'
import { inTurn } from './turns.ts'

export const realClock: Clock = {
  now: () => Date.now(),
  ticks: () => performance.now(),
  random: () => Math.random(),
  // Loading it takes 7 ms, and most commands draw no lots.
  bytes: (count) => process.getBuiltinModule('node:crypto').randomBytes(count),
  breathe: () => new Promise(inTurn),
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
