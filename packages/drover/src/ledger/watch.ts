import type { Connection } from './connection.ts'

/** Wakes followers: at once for writes of this process, within 50 ms for those of others; at once too where the database tells of them. */
export function openBells(connection: Connection, everyMs = 50) {
  const bells = new Set<Bell>()
  let seen = connection.version()
  let timer: NodeJS.Timeout | undefined
  let waiting = 0

  const look = (): void => {
    const now = connection.version()
    if (now === seen) return
    seen = now
    for (const bell of bells) ring(bell)
  }
  const poll = (waiters: number): void => {
    if (connection.listen) return
    if (waiters > 0) timer ??= setInterval(look, everyMs)
    else if (timer) timer = void clearInterval(timer)
  }

  return {
    look,
    close: () => poll(0),
    bell() {
      const bell: Bell = { rung: false, waiters: new Set() }
      bells.add(bell)
      connection.listen?.(look)
      return async (withinMs: number, signal: AbortSignal): Promise<void> => {
        look()
        if (!bell.rung && !signal.aborted && withinMs > 0) {
          poll(++waiting)
          await rings(bell, withinMs, signal)
          poll(--waiting)
        }
        if (!signal.aborted) bell.rung = false
      }
    },
  }
}

/** What rings while nobody waits is heard by the next who does. */
interface Bell {
  rung: boolean
  /** More than one when somebody gave up waiting: their time runs out without a word to the others. */
  waiters: Set<() => void>
}

function ring(bell: Bell): void {
  bell.rung = true
  for (const wake of bell.waiters) wake()
}

function rings(bell: Bell, withinMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      bell.waiters.delete(done)
      resolve()
    }
    const timer = setTimeout(done, Math.min(withinMs, 2 ** 31 - 1))
    signal.addEventListener('abort', done, { once: true })
    bell.waiters.add(done)
  })
}
