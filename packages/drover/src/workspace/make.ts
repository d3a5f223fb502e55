import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { removeAll } from './caches.ts'
import { checkoutsOf } from './heads.ts'
import type { Git } from './git.ts'
import type { Mutex } from './mutex.ts'
import { exists } from './small-files.ts'
import type { Entries, Entry } from './worktree-file.ts'

export interface Making {
  git: Git
  entries: Entries
  root: string
  /** Around everything that adds or removes: git's own commands for that race with each other. */
  alone: Mutex
}

const unused: Omit<Entry, 'name' | 'path'> = {
  gitDir: null,
  state: 'making',
  task: null,
  attempt: 0,
  base: null,
  kept: true,
  ready: false,
  caches: {},
}

/** Adds a worktree without its files; they are checked out later, outside the lock. */
export const addWorktree = (
  to: Making,
  wanted: Partial<Entry> & { state: Entry['state']; base: string },
): Promise<Entry> =>
  to.alone(async () => {
    const name = wanted.name ?? (await freeName(to.entries))
    const entry: Entry = { ...unused, ...wanted, name, path: join(to.entries.folder, name) }
    await mkdir(to.entries.folder, { recursive: true })
    // Said before it is done: one that is half made at a crash was never worked in, and may simply go.
    to.entries.save({ ...entry, state: 'making' })
    await add(to.git, entry.path, wanted.base)
    const gitDir = await gitDirOf(to, entry.path)
    if (!gitDir)
      throw new DroverError('git', {
        command: 'worktree add',
        problem: `${entry.path} is not in the list of worktrees`,
      })
    const made = { ...entry, gitDir }
    to.entries.save(made)
    return made
  })

async function freeName(entries: Entries): Promise<string> {
  for (let n = 1; ; n++) {
    const name = `_${n}`
    if (!entries.named(name) && !exists(join(entries.folder, name))) return name
  }
}

/** Locked, so that a `git worktree prune` of anybody's leaves it alone. */
async function add(git: Git, path: string, commit: string): Promise<void> {
  const args = ['worktree', 'add', '--no-checkout', '--detach', '--lock', '-f', '-f', path, commit]
  try {
    await git.run(git.bare, args)
  } catch (error) {
    // Measured: somebody else's `worktree add` at the same moment makes this one fail.
    if (!(error instanceof DroverError) || !error.message.includes('commondir')) throw error
    await removeAll(path)
    await git.run(git.bare, args)
  }
}

const gitDirOf = async ({ git, root }: Making, path: string): Promise<string | undefined> =>
  checkoutsOf(git.common, root).find((checkout) => checkout.path === path && checkout.gitDir !== git.common)?.gitDir

/** Takes a worktree away, its folder and what git knows of it. Its work must be kept. */
export const removeWorktree = (to: Making, entry: Entry): Promise<void> =>
  to.alone(async () => {
    const gitDir = entry.gitDir ?? (await gitDirOf(to, entry.path))
    if (entry.task) unlink(to.entries, entry.task)
    await removeAll(entry.path)
    if (gitDir?.startsWith(join(to.git.common, 'worktrees/'))) await removeAll(gitDir)
    await rmdir(join(to.git.common, 'worktrees')).catch(() => undefined)
    to.entries.forget(entry)
  })

/** `<task>` beside the worktrees leads to the one where it is worked on. */
export function link(entries: Entries, task: string, name: string): void {
  const draft = join(entries.folder, `.${task}.new`)
  rmSync(draft, { force: true })
  symlinkSync(name, draft)
  renameSync(draft, join(entries.folder, task))
}

export const unlink = (entries: Entries, task: string): void => rmSync(join(entries.folder, task), { force: true })
