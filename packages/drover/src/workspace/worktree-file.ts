import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from './refs.ts'

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
  all(): Promise<Entry[]>
  of(task: string): Promise<Entry | undefined>
  named(name: string): Promise<Entry | undefined>
  save(entry: Entry): Promise<void>
  /** Gives a free worktree to this task, each to one only. */
  take(task: string, attempt: number): Promise<Entry | undefined>
  forget(entry: Entry): Promise<void>
  readonly folder: string
}

export const entryName = /^_(?:\d+|gate)$/

export function openEntries(folder: string): Entries {
  let known: Promise<Map<string, Entry>> | undefined
  const entries = () => (known ??= load(folder))
  const write = (entry: Entry) => writeWhole(join(folder, `${entry.name}.json`), `${JSON.stringify(entry)}\n`)
  return {
    folder,
    all: async () => [...(await entries()).values()],
    of: async (task) => [...(await entries()).values()].find((entry) => entry.task === task && entry.state === 'used'),
    named: async (name) => (await entries()).get(name),
    async save(entry) {
      ;(await entries()).set(entry.name, entry)
      await write(entry)
    },
    async take(task, attempt) {
      const all = await entries()
      // From here to the change nothing is awaited, so that two tasks never take the same worktree.
      const free = [...all.values()].find((entry) => entry.state === 'free')
      if (!free) return undefined
      // What is in it is the last owner's: at a crash before it is made ready, nobody may go on in it.
      const mine: Entry = { ...free, state: 'used', task, attempt, ready: false }
      all.set(mine.name, mine)
      await write(mine)
      return mine
    },
    async forget(entry) {
      ;(await entries()).delete(entry.name)
      await rm(join(folder, `${entry.name}.json`), { force: true })
    },
  }
}

async function load(folder: string): Promise<Map<string, Entry>> {
  const names = await readdir(folder).catch(() => [])
  const found = names.filter((name) => name.endsWith('.json') && entryName.test(name.slice(0, -'.json'.length)))
  const entries = await Promise.all(found.map(async (name) => readEntry(folder, name)))
  return new Map(entries.filter((entry) => entry !== undefined).map((entry) => [entry.name, entry]))
}

/** A file that cannot be read is as good as none: its worktree is a stray, whose work is kept before it goes. */
async function readEntry(folder: string, file: string): Promise<Entry | undefined> {
  try {
    const entry = JSON.parse((await readText(join(folder, file))) ?? '') as Entry
    const name = file.slice(0, -'.json'.length)
    return entry.name === name && entry.path === join(folder, name) ? entry : undefined
  } catch {
    return undefined
  }
}

/** Writes beside, flushes, renames: whoever reads sees the old text or the new one. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  const draft = `${path}.${process.pid}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
