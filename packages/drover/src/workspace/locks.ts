import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from './git.ts'
import { checkoutsOf } from './heads.ts'
import { removeWhenLeft } from './left-lock.ts'
import { copyName, isOurLock } from './user-index.ts'
import type { Entries } from './worktree-file.ts'

export interface Locks {
  git: Git
  entries: Entries
  root: string
  target: string
}

/** Removes the locks that our own dead git left. Our git children must be gone. Never the user's `index.lock`. */
export async function removeLocks(to: Locks): Promise<void> {
  const { git } = to
  const ours = [
    ...(await locksUnder(join(git.common, 'refs', 'drover'))),
    ...(await locksUnder(join(git.common, 'refs', 'heads', 'drover'))),
    ...(await locksOfIdle(to)),
  ]
  await Promise.all(ours.map((path) => rm(path, { force: true })))
  await removeIndexLocks(to)
  // These are the user's git's too.
  const shared = ['packed-refs.lock', 'packed-refs.new', 'HEAD.lock', `refs/heads/${to.target}.lock`]
  const restored = await locksUnder(join(git.common, 'refs', 'heads', 'rescue'))
  await Promise.all([...shared.map((name) => join(git.common, name)), ...restored].map(removeWhenLeft))
}

async function locksUnder(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  return names.filter((name) => name.endsWith('.lock')).map((name) => join(folder, name))
}

/** Where an agent may be at work, a lock may be its own; there it goes before the work is kept. */
async function locksOfIdle({ entries }: Locks): Promise<string[]> {
  const idle = entries.all().filter((entry) => entry.gitDir && (entry.kept || !entry.ready))
  return idle.flatMap(({ gitDir }) => ['index.lock', 'HEAD.lock'].map((name) => join(gitDir!, name)))
}

/** Locks that say they are ours, and the copies made under them. */
async function removeIndexLocks({ git, root }: Locks): Promise<void> {
  for (const { gitDir } of checkoutsOf(git.common, root)) {
    const lock = join(gitDir, 'index.lock')
    if (await isOurLock(git, lock)) await rm(lock, { force: true })
    const copies = (await readdir(gitDir).catch(() => [])).filter((name) => name.startsWith(copyName))
    await Promise.all(copies.map((name) => rm(join(gitDir, name), { force: true })))
  }
}
