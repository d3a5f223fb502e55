import { sep } from 'node:path'
import type { CheckoutMove } from '../domain/event.ts'
import type { Blocker } from '../ports/workspace.ts'
import { editedFiles, inTheWay } from './blockers.ts'
import { pathsOf, type Change } from './changes.ts'
import { changesBetween } from './differences.ts'
import type { Git } from './git.ts'
import { checkoutsOf, type Checkout } from './heads.ts'
import type { Pending, PendingMoves } from './pending.ts'
import { exists, type Refs } from './refs.ts'
import { lookAtCopy } from './user-index.ts'

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
  const found = await onBranch(to, landing.branch)
  if (found.length === 0) return { moves: [], blockers: [] }
  const changes = await changesBetween(to.git, landing.from, landing.to)
  const looks = await Promise.all(found.map((checkout) => lookAt(to, checkout, landing, changes)))
  const blockers = looks.flatMap(({ move, files }) => (files.length > 0 ? [{ path: move.path, files }] : []))
  // The intent must outlive a crash: a checkout left behind would revert the landing at the user's next `commit -a`.
  if (blockers.length === 0)
    for (const { move, before } of looks) await to.pending.save({ ...move, before, failed: false })
  return { moves: blockers.length > 0 ? [] : looks.map(({ move }) => move), blockers }
}

async function onBranch({ git, refs, root, worktreeRoot }: Checkouts, branch: string): Promise<Checkout[]> {
  const theirs = (await checkoutsOf(git.common, root)).filter(({ path }) => !path.startsWith(`${worktreeRoot}${sep}`))
  const stands = await Promise.all(
    theirs.map(async (checkout) => {
      const head = await refs.head(checkout.gitDir)
      return (
        head !== undefined && 'branch' in head && head.branch === `refs/heads/${branch}` && (await isCheckout(checkout))
      )
    }),
  )
  return theirs.filter((_, n) => stands[n])
}

/** A bare repository has a HEAD, but no files. */
const isCheckout = async ({ path, gitDir }: Checkout): Promise<boolean> =>
  (await exists(path)) && (await exists(`${gitDir}${sep}index`))

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
  const pending = await to.pending.of(checkout.gitDir)
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
