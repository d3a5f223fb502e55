import { lstat, readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { removeAll } from './caches.ts'
import type { Checkouts } from './checkouts.ts'
import { finishMoves } from './follow.ts'
import { checkoutsOf } from './heads.ts'
import { rescueRef } from './keep.ts'
import { removeLocks } from './locks.ts'
import { removeWorktree, unlink } from './make.ts'
import { tipOf } from './merge.ts'
import { epochRef } from './move.ts'
import { updateRefs, zeros } from './refs.ts'
import { exists } from './small-files.ts'
import { entryName, type Entry } from './worktree-file.ts'
import { discard, type Worktrees } from './worktrees.ts'

export interface Recovering extends Worktrees, Checkouts {
  random(): string
  /** Ends every process whose environment has this mark, but for the one epoch, and returns when they are gone. */
  endGit(mark: string, butEpoch: string): Promise<void>
}

/** After a start: this process alone changes refs and worktrees from now on, and nothing is half done. */
export async function recover(to: Recovering): Promise<string> {
  const epoch = await takeOver(to)
  await removeLocks(to)
  await mendWorktrees(to)
  await finishMoves(to)
  return epoch
}

/** From here on, no git of an older start can move the branch. */
async function takeOver(to: Recovering): Promise<string> {
  const oid = (
    await to.git.run(to.git.bare, ['hash-object', '-w', '--stdin'], { input: `drover ${to.now()} ${to.random()}\n` })
  ).out.trim()
  const epoch = oid.slice(0, 12)
  to.git.enter(epoch)
  // A dead git may have left a lock on this very ref: git would wait for it, for seconds.
  if (exists(join(to.git.common, `${epochRef}.lock`))) await freeLocks(to, epoch)
  try {
    await bump(to, oid)
  } catch (error) {
    if (!(error instanceof DroverError) || error.code !== 'git') throw error
    await freeLocks(to, epoch)
    await bump(to, oid)
  }
  await to.endGit(to.git.mark, epoch)
  return oid
}

async function freeLocks(to: Recovering, epoch: string): Promise<void> {
  await to.endGit(to.git.mark, epoch)
  await removeLocks(to)
}

async function bump({ git, refs }: Recovering, oid: string): Promise<void> {
  await updateRefs(git, [`update ${epochRef} ${oid} ${(await refs.read(epochRef)) ?? zeros(oid)}`])
}

async function mendWorktrees(to: Recovering): Promise<void> {
  for (const entry of to.entries.all()) {
    const isGone = !exists(entry.path)
    if (entry.state === 'making' || (isGone && entry.state !== 'used')) await removeWorktree(to, entry)
  }
  for (const name of await strays(to)) await takeIn(to, name)
  await forgetMissing(to)
  for (const name of await linksIn(to.entries.folder)) {
    if (!to.entries.of(name)) unlink(to.entries, name)
  }
}

/** Folders among our worktrees that no file tells of. */
export async function strays({ entries }: Worktrees): Promise<string[]> {
  const known = new Set(entries.all().map(({ name }) => name))
  const found = await readdir(entries.folder, { withFileTypes: true }).catch(() => [])
  return found
    .filter((child) => child.isDirectory() && entryName.test(child.name) && !known.has(child.name))
    .map(({ name }) => name)
}

async function linksIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return found.filter((child) => child.isSymbolicLink()).map(({ name }) => name)
}

/** Nobody knows whose work a stray holds. It is kept under the folder's own name, then the folder goes. */
async function takeIn(to: Recovering, name: string): Promise<void> {
  const path = join(to.entries.folder, name)
  const known = checkoutsOf(to.git.common, to.root).find((checkout) => checkout.path === path)?.gitDir
  const gitDir = known ?? join(to.git.common, 'worktrees', name)
  if (!known && exists(gitDir)) return
  const base = (await to.refs.commitOf(gitDir)) ?? (await tipOf(to.refs, to.target))
  const attempt = await freeAttempt(to, name)
  const entry: Entry = {
    name,
    path,
    gitDir,
    state: 'free',
    task: null,
    attempt,
    base,
    kept: false,
    ready: true,
    caches: {},
  }
  to.entries.save(entry)
  await discard(to, entry)
}

async function freeAttempt({ refs }: Recovering, name: string): Promise<number> {
  for (let n = 1; ; n++) if (!(await refs.read(rescueRef(name, n)))) return n
}

/** What git knows of worktrees of ours that are not there any more. */
async function forgetMissing(to: Recovering): Promise<void> {
  const known = new Set(to.entries.all().map(({ gitDir }) => gitDir))
  for (const { path, gitDir } of checkoutsOf(to.git.common, to.root)) {
    if (!path.startsWith(`${to.entries.folder}${sep}`) || known.has(gitDir) || gitDir === to.git.common) continue
    if ((await lstat(path).catch(() => undefined)) === undefined) await removeAll(gitDir)
  }
}
