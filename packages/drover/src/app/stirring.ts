import { existsSync, type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { sizeOf } from './output.ts'

interface Seen {
  out: number
  err: number
}

/** What is known of agents besides what their folders show. */
interface Knows {
  /** When the wrapper is this process's child: resolves when it ended. */
  ended(folder: string): Promise<void> | undefined
  isOver(folder: string): Promise<boolean>
}

/** The watch can miss what happens, and shows nothing of a wrapper that is killed. */
const pollMs = 250

/** Waits for agents to print or to end. What happened since the output was last read counts as well. */
export function openStirring({ ended, isOver }: Knows) {
  const seen = new Map<string, Seen>()

  const hasStirred = (folder: string): boolean => {
    if (existsSync(join(folder, 'exit'))) return true
    const size = { out: sizeOf(join(folder, 'out')), err: sizeOf(join(folder, 'err')) }
    const before = seen.get(folder)
    seen.set(folder, size)
    return before !== undefined && (before.out !== size.out || before.err !== size.err)
  }

  return {
    forget: (folder: string) => seen.delete(folder),

    /** Output was read up to here: more than this is news. */
    read(folder: string, bytes: number) {
      seen.set(folder, { err: sizeOf(join(folder, 'err')), ...seen.get(folder), out: bytes })
    },

    stirred(folder: string, withinMs: number, signal: AbortSignal): Promise<void> {
      return new Promise((resolve) => {
        const stop = () => {
          watcher?.close()
          clearInterval(poll)
          clearTimeout(latest)
          signal.removeEventListener('abort', stop)
          resolve()
        }
        const look = () => {
          if (hasStirred(folder)) stop()
        }
        const lookHarder = async () => {
          look()
          if (await isOver(folder)) stop()
        }
        const watcher = watchFolder(folder, look)
        const poll = setInterval(lookHarder, pollMs)
        const latest = setTimeout(stop, Math.min(withinMs, 2 ** 31 - 1))
        signal.addEventListener('abort', stop)
        void ended(folder)?.then(stop)
        if (signal.aborted) stop()
        else void lookHarder()
      })
    },
  }
}

function watchFolder(folder: string, look: () => void): FSWatcher | undefined {
  try {
    // An error (the folder goes, no more watches) leaves the poll.
    return watch(folder, look).on('error', look)
  } catch {
    return undefined
  }
}
