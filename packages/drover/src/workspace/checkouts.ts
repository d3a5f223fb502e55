import { join, sep } from 'node:path'
import type { CheckoutMove } from '../domain/event.ts'
import type { Blocker } from '../ports/workspace.ts'
import { editedFiles, inTheWay } from './blockers.ts'
import { pathsOf, type Change } from './changes.ts'
import { changesBetween } from './differences.ts'
import type { Git } from './git.ts'
import { checkoutsOf, isOn, type Checkout } from './heads.ts'
import type { Pending, PendingMoves } from './pending.ts'
import type { Refs } from './refs.ts'
import { exists, readText } from './small-files.ts'
import { lockOf, lookAtCopy } from './user-index.ts'

export interface Checkouts {
  git: Git
  refs: Refs
  /** The user's main checkout, and the folder of our own worktrees. */
  root: string
  worktreeRoot: string
  pending: PendingMoves
}

export interface Landing {
  branch: string
  from: string
  to: string
}

/** Checkouts that stand on the branch, with what stands in their way; looked at before the branch moves. */
export async function checkouts(
  to: Checkouts,
  landing: Landing,
): Promise<{ moves: CheckoutMove[]; blockers: Blocker[] }> {
  const { looks, blockers } = await look(to, landing)
  // The intent must outlive a crash: a checkout left behind would revert the landing at the user's next `commit -a`.
  if (blockers.length === 0) for (const { move, before } of looks) to.pending.save({ ...move, before, failed: false })
  return { moves: blockers.length > 0 ? [] : looks.map(({ move }) => move), blockers }
}

/** What stands in the way, and nothing else: no landing is meant. */
export async function blockersOf(to: Checkouts, landing: Landing): Promise<Blocker[]> {
  const locked = onBranch(to, landing.branch).filter((checkout) => exists(lockOf(checkout)))
  if (locked.length > 0) return locked.map(({ path }) => ({ path, files: ['.git/index.lock'] }))
  return (await look(to, landing)).blockers
}

async function look(to: Checkouts, landing: Landing): Promise<{ looks: Look[]; blockers: Blocker[] }> {
  const rebased = theirs(to).filter(({ gitDir }) => isRebased(gitDir, `refs/heads/${landing.branch}`))
  if (rebased.length > 0)
    return { looks: [], blockers: rebased.map(({ path }) => ({ path, files: [], why: rebasing(landing.branch) })) }
  const found = onBranch(to, landing.branch)
  if (found.length === 0) return { looks: [], blockers: [] }
  const changes = await changesBetween(to.git, landing.from, landing.to)
  const looks = await Promise.all(found.map((checkout) => lookAt(to, checkout, landing, changes)))
  const inItsWay = looks.flatMap(({ move, files }) => (files.length > 0 ? [{ path: move.path, files }] : []))
  return { looks, blockers: inItsWay }
}

const rebasing = (branch: string): string =>
  `is in the middle of a rebase of ${branch}: \`git rebase --continue\` or \`git rebase --abort\``

/** At its end a rebase demands the branch where it was, so moving it now would cost the person their rebase. */
const isRebased = (gitDir: string, ref: string): boolean =>
  ['rebase-merge', 'rebase-apply'].some((folder) => readText(join(gitDir, folder, 'head-name'))?.trim() === ref)

const theirs = ({ git, root, worktreeRoot }: Checkouts): Checkout[] =>
  checkoutsOf(git.common, root).filter(({ path }) => !path.startsWith(`${worktreeRoot}${sep}`))

function onBranch(to: Checkouts, branch: string): Checkout[] {
  const { refs } = to
  return theirs(to).filter((checkout) => isOn(refs, checkout.gitDir, `refs/heads/${branch}`) && isCheckout(checkout))
}

/** A bare repository has a HEAD, but no files. */
const isCheckout = ({ path, gitDir }: Checkout): boolean => exists(path) && exists(`${gitDir}${sep}index`)

interface Look {
  move: CheckoutMove
  before: string | null
  files: string[]
}

async function lookAt(to: Checkouts, checkout: Checkout, landing: Landing, changes: readonly Change[]): Promise<Look> {
  const late = await lateness(to, checkout, landing.from)
  const move = { ...checkout, from: late?.from ?? landing.from, to: landing.to }
  const all = late ? await changesBetween(to.git, move.from, move.to) : changes
  const added = await inTheWay(checkout.path, all)
  const files = added.length > 0 ? added : await lookAtCopy(checkout, (place) => editedFiles(to.git, place, move, all))
  return { move, before: late?.at ?? null, files }
}

/** Where a checkout really is that did not follow an earlier landing. */
async function lateness(
  to: Checkouts,
  checkout: Checkout,
  tip: string,
): Promise<{ from: string; at: string } | undefined> {
  const pending = to.pending.of(checkout.gitDir)
  const at = pending && (await landedOf(to.git, pending, tip))
  if (!at || !(await isBehind(to.git, checkout, { from: pending.from, to: at }))) return undefined
  return { from: pending.from, at }
}

/** The commit of this move that did become part of the branch, if any. */
export async function landedOf(git: Git, { to, before }: Pending, tip: string): Promise<string | undefined> {
  for (const commit of [to, before]) {
    if (commit === null) continue
    if (
      commit === tip ||
      (await git.run(git.bare, ['merge-base', '--is-ancestor', commit, tip], { also: [1, 128] })).code === 0
    )
      return commit
  }
  return undefined
}

/** Whether the index still holds what stood there before the move, for any file that it changes. */
export async function isBehind(
  git: Git,
  checkout: Checkout,
  { from, to }: Pick<CheckoutMove, 'from' | 'to'>,
): Promise<boolean> {
  const place = { cwd: checkout.path, gitDir: checkout.gitDir, worktree: checkout.path, theirs: true }
  const { out } = await git.run(place, ['diff-index', '--cached', '-z', '--name-only', from])
  const moved = new Set(out.split('\0'))
  return pathsOf(await changesBetween(git, from, to)).some((path) => !moved.has(path))
}
