import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Kept, Worktree } from '../ports/workspace.ts'
import { pathsOf, readChanges } from './changes.ts'
import { branchRef, keepWork, rescueRef, type Keep, type Keeping } from './keep.ts'
import { addWorktree, link, removeWorktree, unlink, type Making } from './make.ts'
import type { Turns } from './mutex.ts'
import { prepare, type Preparing } from './prepare.ts'
import { isThere, placeOf, repair } from './repair.ts'
import { bring, collect, type Sharing } from './share.ts'
import { newMarkers } from './stage.ts'
import type { Entry } from './worktree-file.ts'

export interface Worktrees extends Keeping, Preparing, Making {
  /** By task: whoever begins in its worktree, gives it back or takes it away does so alone. The gate's has its own name. */
  turns: Turns
  /** The branch that work lands on. */
  target: string
  /** Where the branch is, as far as is known. */
  tip(branch: string): Promise<string>
  sharing: Sharing
}

export interface Wanted {
  task: string
  attempt: number
  base: string
  fresh: boolean
  from: string | null
  startsFrom?: string | null
}

/** The worktree this task had, or one made ready from what was kept of it, or from the base. */
export async function at(to: Worktrees, wanted: Wanted): Promise<Worktree | { problem: string }> {
  const had = to.entries.of(wanted.task)
  // The same attempt goes on where it was, also a fresh one: this may be said again while its agent works.
  if (had?.ready && (!wanted.fresh || had.attempt === wanted.attempt) && isWorkable(had)) return goOn(to, had, wanted)
  const start = await startOf(to, wanted)
  const entry = had && isWorkable(had) ? had : await claim(to, wanted, start.base, had)
  await keepFirst(to, entry)
  const mine: Entry = {
    ...entry,
    state: 'used',
    task: wanted.task,
    attempt: wanted.attempt,
    base: start.base,
    kept: false,
  }
  const problem = await prepare(to, mine, start.commit)
  link(to.entries, wanted.task, mine.name)
  return problem === null
    ? { path: mine.path, base: start.base, found: false }
    : { problem: `the worktree could not be made ready: ${problem}` }
}

const isWorkable = (entry: Entry): boolean => entry.base !== null && isThere(entry)

/** As the earlier attempt, or the same before a crash, left it. */
async function goOn(to: Worktrees, had: Entry, { task, attempt }: Wanted): Promise<Worktree> {
  if (had.attempt !== attempt) repair(had, to.runFolder)
  if (had.attempt !== attempt || had.kept) to.entries.save({ ...had, attempt, kept: false })
  link(to.entries, task, had.name)
  return { path: had.path, base: had.base!, found: true }
}

/** What was kept of the task, if anything; its base is the commit that the work really began from. */
async function startOf(
  to: Worktrees,
  { task, attempt, base, from, fresh, startsFrom }: Wanted,
): Promise<{ base: string; commit: string }> {
  const { git, refs, sharing } = to
  // What this attempt has come to on another machine, or else what an earlier one has.
  const brought = await collect(sharing, { task, attempt, fresh })
  // Also when its worktree was given back meanwhile, as that of a cancelled task is; or taken away between two of its sub-tasks.
  const own = fresh ? undefined : await refs.read(rescueRef(task, attempt))
  const kept = fresh ? undefined : (from ?? (attempt > 1 ? await refs.read(branchRef(task)) : undefined))
  const commit = brought ?? own ?? kept ?? startsFrom
  if (commit) await bring(sharing, task, commit)
  if (!commit) return { base, commit: base }
  const { code, out } = await git.run(git.bare, ['merge-base', base, commit], { also: [1, 128] })
  return code === 0 ? { base: out.trim(), commit } : { base, commit: base }
}

/** A free worktree, or a new one. One whose folder is gone is forgotten. */
async function claim(to: Worktrees, { task, attempt }: Wanted, base: string, lost: Entry | undefined): Promise<Entry> {
  if (lost) await discard(to, lost)
  const mine = to.entries.take(task, attempt)
  if (!mine) return addWorktree(to, { state: 'used', task, attempt, base })
  if (isWorkable(mine)) return mine
  await discard(to, mine)
  return claim(to, { task, attempt, base, fresh: false, from: null }, base, undefined)
}

/** Nothing is cleaned or removed before its work is in a rescue ref. */
export async function keepFirst(to: Worktrees, entry: Entry): Promise<void> {
  if (entry.kept || entry.base === null || entry.gitDir === null) return
  const task = entry.task ?? entry.name
  await keep(
    to,
    { task, attempt: entry.attempt, message: `Kept before its worktree was used again`, author: to.committer },
    entry,
  )
}

export async function discard(to: Worktrees, entry: Entry): Promise<void> {
  if (isThere(entry)) await keepFirst(to, entry)
  await removeWorktree(to, entry)
}

export async function keep(to: Worktrees, wanted: Keep, known?: Entry): Promise<Kept> {
  const entry = known ?? to.entries.of(wanted.task)
  return entry?.gitDir && entry.base && entry.ready ? keepWork(to, entry, wanted) : keptBefore(to, wanted)
}

/** The worktree is gone, or was never ready; the refs say what was kept of it. */
async function keptBefore({ git, refs, target, ...to }: Worktrees, { task, attempt }: Keep): Promise<Kept> {
  const tip = await to.tip(target)
  const commit = (await refs.read(rescueRef(task, attempt))) ?? null
  if (commit === null)
    return { commit, base: tip, leftovers: false, claims: [], subjects: [], files: [], problem: null }
  const base = (await git.run(git.bare, ['merge-base', tip, commit])).out.trim()
  const { out } = await git.run(git.bare, ['diff-tree', '-r', '-z', '--raw', '--no-renames', base, commit])
  return { commit, base, leftovers: false, claims: [], subjects: [], files: pathsOf(readChanges(out)), problem: null }
}

export async function find(to: Worktrees, task: string): Promise<Worktree | undefined> {
  const entry = to.entries.of(task)
  return entry && isWorkable(entry)
    ? { path: entry.path, base: entry.base!, found: true, gitFolders: [to.git.common, entry.gitDir!] }
    : undefined
}

/** What an earlier agent claimed in this worktree says nothing of the next one. */
export async function forgetClaims(to: Worktrees, task: string): Promise<void> {
  const entry = to.entries.of(task)
  if (!entry?.base || !isWorkable(entry)) return
  const claims = await newMarkers(to.git, placeOf(entry), entry.base)
  await Promise.all(claims.map((name) => rm(join(entry.path, name), { force: true })))
}

export async function release(to: Worktrees, task: string): Promise<void> {
  const entry = to.entries.of(task)
  if (!entry) return unlink(to.entries, task)
  if (!isWorkable(entry)) return discard(to, entry)
  await keepFirst(to, entry)
  unlink(to.entries, task)
  to.entries.save({ ...entry, state: 'free', task: null, kept: true })
}
