import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn, readText, writeWhole } from './small-files.ts'

/** What is known of a worktree. It stands in a file beside it, written before and after each change of its fate. */
export interface Entry {
  /** `_<n>`, or `_gate`. */
  name: string
  path: string
  /** Its folder under `<common>/worktrees`; nothing while it is being made. */
  gitDir: string | null
  state: 'making' | 'used' | 'free' | 'gate'
  task: string | null
  attempt: number
  base: string | null
  /** Its work is in a ref; false from the moment somebody may work in it. */
  kept: boolean
  /** It was made ready to the end, set-up included. */
  ready: boolean
  /** Paths kept when it is cleaned, with the hash of what they held. */
  caches: Record<string, string>
}

/** All worktrees of this project. One process changes them, the one that holds the project's lock. */
export interface Entries {
  all(): Entry[]
  of(task: string): Entry | undefined
  named(name: string): Entry | undefined
  /** As its file says at this moment: whoever only looks shares the worktrees with the process that changes them. */
  reread(name: string): Entry | undefined
  save(entry: Entry): void
  /** Gives a free worktree to this task, each to one only. */
  take(task: string, attempt: number): Entry | undefined
  forget(entry: Entry): void
  readonly folder: string
}

export const gateName = '_gate'
export const entryName = /^_(?:\d+|gate)$/

export function openEntries(folder: string): Entries {
  let known: Map<string, Entry> | undefined
  const entries = () => (known ??= load(folder))
  const save = (entry: Entry): void => {
    entries().set(entry.name, entry)
    // From now on somebody may work in it: after a power cut nothing may say that its work is kept.
    const how = entry.kept ? undefined : 'flushed'
    writeWhole(join(folder, `${entry.name}.json`), `${JSON.stringify(entry)}\n`, how)
  }
  return {
    folder,
    save,
    all: () => [...entries().values()],
    of: (task) => [...entries().values()].find((entry) => entry.task === task && entry.state === 'used'),
    named: (name) => entries().get(name),
    reread: (name) => readEntry(folder, `${name}.json`)[0],
    take(task, attempt) {
      const free = [...entries().values()].find((entry) => entry.state === 'free')
      if (!free) return undefined
      // What is in it is the last owner's: at a crash before it is made ready, nobody may go on in it.
      const mine: Entry = { ...free, state: 'used', task, attempt, ready: false }
      // Only here: before anything is done to it, `prepare` writes it down.
      entries().set(mine.name, mine)
      return mine
    },
    forget(entry) {
      entries().delete(entry.name)
      rmSync(join(folder, `${entry.name}.json`), { force: true })
    },
  }
}

/** Those that there are may all be used; further ones only up to `most`. */
export function room(entries: Entries, most: number, expected: readonly string[]): number {
  const all = entries.all().filter(({ state }) => state !== 'gate')
  const free = all.filter(({ state }) => state === 'free').length
  const coming = expected.filter((task) => !entries.of(task)).length
  return free + Math.max(0, most - all.length) - coming
}

function load(folder: string): Map<string, Entry> {
  const found = namesIn(folder).filter(
    (name) => name.endsWith('.json') && entryName.test(name.slice(0, -'.json'.length)),
  )
  const entries = found.flatMap((name) => readEntry(folder, name))
  return new Map(entries.map((entry) => [entry.name, entry]))
}

/** A file that cannot be read is as good as none: its worktree is a stray, whose work is kept before it goes. */
function readEntry(folder: string, file: string): Entry[] {
  try {
    const entry = JSON.parse(readText(join(folder, file)) ?? '') as Entry
    const name = file.slice(0, -'.json'.length)
    return entry.name === name && entry.path === join(folder, name) ? [entry] : []
  } catch {
    return []
  }
}
