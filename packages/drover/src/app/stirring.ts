import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { hasEnded } from './agent-place.ts'
import { sizeOf } from './output.ts'

interface Seen {
  out: number
  err: number
  /** When all that output has woken somebody for is paid off, at one waking in `calmMs`. */
  paidAt: number
}

/** What is known of agents besides what their folders show. */
interface Knows {
  /** The end of a wrapper that was started here. */
  endOf(folder: string): Promise<unknown> | undefined
  isOver(folder: string): Promise<boolean>
}

/** The watch can miss what happens, and shows nothing of a wrapper that is killed. */
const pollMs = 250

/** An agent that never stops printing wakes nobody more often: the rest of the daemon has work to do. */
const calmMs = 25
/** One that prints now and then is heard at once: the last line of a turn comes a few milliseconds after the one before. */
const burst = 8

/** Waits for agents to print or to end. What happened since the output was last read counts as well. */
export function openStirring({ endOf, isOver }: Knows) {
  const seen = new Map<string, Seen>()

  const noteSizes = (folder: string, paidAt: number) => seen.set(folder, { ...sizesOf(folder), paidAt })

  /** For how long to hold back the news that there is output; nothing when there is none. */
  const newsIn = (folder: string): number | undefined => {
    // What nobody has read yet is news: who takes it for read would wait for a line that is there.
    const before = seen.get(folder) ?? { out: 0, err: 0, paidAt: 0 }
    const { out, err } = sizesOf(folder)
    if (before.out === out && before.err === err) return undefined
    return Math.max(0, before.paidAt - (burst - 1) * calmMs - performance.now())
  }

  return {
    forget: (folder: string) => seen.delete(folder),

    /** Output was read up to here: more than this is news. */
    read(folder: string, bytes: number) {
      seen.set(folder, { err: sizeOf(join(folder, 'err')), paidAt: 0, ...seen.get(folder), out: bytes })
    },

    stirred(folder: string, withinMs: number, signal: AbortSignal): Promise<void> {
      return new Promise((resolve) => {
        let calm: NodeJS.Timeout | undefined
        const end = endOf(folder)
        const stop = () => {
          watcher?.close()
          clearInterval(poll)
          clearTimeout(latest)
          clearTimeout(calm)
          signal.removeEventListener('abort', stop)
          resolve()
        }
        const tell = () => {
          noteSizes(folder, Math.max(performance.now(), seen.get(folder)?.paidAt ?? 0) + calmMs)
          stop()
        }
        const look = (file: string | null) => {
          // One that was started here is over when it is gone: its end is about to be heard.
          if ((file === null || file === 'exit') && hasEnded(folder)) return end === undefined ? stop() : undefined
          if (calm !== undefined || (file !== null && file !== 'out' && file !== 'err')) return
          const wait = newsIn(folder)
          if (wait === 0) tell()
          else if (wait !== undefined) calm = setTimeout(tell, wait)
        }
        const lookHarder = async () => {
          look(null)
          if (await isOver(folder)) stop()
        }
        const watcher = watchFolder(folder, look)
        const poll = setInterval(lookHarder, pollMs)
        const latest = setTimeout(stop, Math.min(withinMs, 2 ** 31 - 1))
        signal.addEventListener('abort', stop)
        void end?.then(stop)
        if (signal.aborted) stop()
        // The end of one that was started here is told: only what it printed meanwhile could be missed.
        else if (end) look(null)
        else void lookHarder()
      })
    },
  }
}

const sizesOf = (folder: string) => ({ out: sizeOf(join(folder, 'out')), err: sizeOf(join(folder, 'err')) })

function watchFolder(folder: string, look: (file: string | null) => void): FSWatcher | undefined {
  try {
    // An error (the folder goes, no more watches) leaves the poll.
    return watch(folder, (_, file) => look(file)).on('error', () => look(null))
  } catch {
    return undefined
  }
}
