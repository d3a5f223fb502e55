import type { Connection } from './connection.ts'

/** Wakes followers: at once for writes of this process, within 50 ms for those of others. */
export function openBells(connection: Connection, everyMs = 50) {
  const bells = new Set<{ rung: boolean; ring: () => void }>()
  let seen = connection.version()
  let timer: NodeJS.Timeout | undefined

  const look = (): void => {
    const now = connection.version()
    if (now === seen) return
    seen = now
    for (const bell of bells) bell.ring()
  }
  const poll = (waiting: number): void => {
    if (waiting > 0) timer ??= setInterval(look, everyMs)
    else if (timer) timer = void clearInterval(timer)
  }
  let waiting = 0

  return {
    look,
    close: () => poll(0),
    bell() {
      const bell = { rung: false, ring: () => void (bell.rung = true) }
      bells.add(bell)
      return async (withinMs: number, signal: AbortSignal): Promise<void> => {
        look()
        if (!bell.rung && !signal.aborted && withinMs > 0) {
          poll(++waiting)
          await rings(bell, withinMs, signal)
          poll(--waiting)
        }
        bell.rung = false
      }
    },
  }
}

function rings(bell: { rung: boolean; ring: () => void }, withinMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      bell.ring = () => void (bell.rung = true)
      resolve()
    }
    const timer = setTimeout(done, Math.min(withinMs, 2 ** 31 - 1))
    signal.addEventListener('abort', done, { once: true })
    bell.ring = done
  })
}
