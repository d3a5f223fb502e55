import { createHash } from 'node:crypto'
import { lstat, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckoutMove } from '../domain/event.ts'
import type { Blocker } from '../ports/workspace.ts'
import { editsIn, inTheWay } from './blockers.ts'
import { pathsOf, type Change } from './changes.ts'
import { isBehind, landedOf, type Checkouts } from './checkouts.ts'
import { changesBetween } from './differences.ts'
import type { Git, Place } from './git.ts'
import type { Pending } from './pending.ts'
import { exists } from './small-files.ts'
import { changeIndex, changeLocked, lockOf } from './user-index.ts'

/** Moves the checkouts along after the branch has moved. Safe to say again, also after a crash in its middle. */
export const follow = (to: Checkouts, moves: readonly CheckoutMove[]): Promise<Blocker[]> =>
  // What has followed under the lock of its landing is not waited for any more.
  bringAll(
    to,
    moves.filter(({ gitDir }) => to.pending.of(gitDir)),
    (move, change) => changeIndex(to.git, move, change),
  )

/** The same while the indexes are locked: nobody can commit between the branch and its checkouts. */
export const followLocked = (to: Checkouts, moves: readonly CheckoutMove[]): Promise<Blocker[]> =>
  bringAll(to, moves, changeLocked)

type Changing = (
  move: CheckoutMove,
  change: (place: Place) => Promise<{ put: boolean; value: string[] }>,
) => Promise<string[] | undefined>

async function bringAll(to: Checkouts, moves: readonly CheckoutMove[], changing: Changing): Promise<Blocker[]> {
  const blockers: Blocker[] = []
  for (const move of moves) {
    const files = await followOne(to, move, changing)
    if (files.length === 0) to.pending.drop(move.gitDir)
    else {
      to.pending.save({ before: null, ...to.pending.of(move.gitDir), ...move, failed: true })
      blockers.push({ path: move.path, files })
    }
  }
  return blockers
}

async function followOne(to: Checkouts, move: CheckoutMove, changing: Changing): Promise<string[]> {
  const changes = await changesBetween(to.git, move.from, move.to)
  if (!(await isMeant(to, move, changes))) return []
  const present = await inTheWay(move.path, changes)
  if (present.length > 0 && !(await isBehind(to.git, move, move))) return []
  const files = await changing(move, async (place) => {
    const left = await bring(to.git, place, move, { changes, present })
    return { put: left.length === 0, value: left }
  })
  if (files === undefined) return ['.git/index.lock']
  return files.length > 0 && !(await isBehind(to.git, move, move)) ? [] : files
}

/**
 * Whether the checkout still stands on what landed. Commits of the user's on top are no hindrance while they leave its files as they
 * landed (`commit --only`): left behind, the next one would undo the landing. Otherwise the user went on by themselves, and their index is theirs.
 */
async function isMeant({ git, refs }: Checkouts, move: CheckoutMove, changes: readonly Change[]): Promise<boolean> {
  const head = await refs.commitOf(move.gitDir)
  if (head === undefined || head === move.to) return head === move.to
  const above = await git.run(git.bare, ['merge-base', '--is-ancestor', move.to, head], { also: [1, 128] })
  if (above.code !== 0) return false
  const since = new Set(pathsOf(await changesBetween(git, move.to, head)))
  return !pathsOf(changes).some((path) => since.has(path))
}

const moveAlong = `
git update-index -q --refresh >/dev/null || true
git read-tree -m -u "$1" "$2"
`

async function bring(
  git: Git,
  place: Place,
  { from, to }: CheckoutMove,
  { changes, present }: { changes: readonly Change[]; present: readonly string[] },
): Promise<string[]> {
  const foreign = await acceptSame(git, place, changes, present)
  if (foreign.length > 0) return foreign
  const { code, err } = await git.script(place, moveAlong, [from, to], { also: [1, 128] })
  if (code === 0) return []
  const edited = await editsIn(git, place, from, { changes, err })
  const left = await acceptSame(git, place, changes, edited)
  if (left.length > 0) return left
  const again = await git.script(place, moveAlong, [from, to], { also: [1, 128] })
  return again.code === 0 ? [] : edited
}

/** A move that was cut short has written some of its files, and begun another. Those are no edits of the user's; the others are returned. */
async function acceptSame(
  git: Git,
  place: Place,
  changes: readonly Change[],
  paths: readonly string[],
): Promise<string[]> {
  const wanted = new Map(changes.flatMap(({ path, is }) => (is ? [[path, is] as const] : [])))
  const left: string[] = []
  for (const path of paths) {
    const is = wanted.get(path)
    if (is && (await oidOf(git, place, path, is)) === is.oid)
      await git.run(place, ['update-index', '-z', '--index-info'], { input: `${is.mode} ${is.oid}\t${path}\0` })
    else if (is && (await isBegun(git, place, path, is))) await rm(join(place.worktree, path), { force: true })
    else left.push(path)
  }
  return left
}

const compare = `
git cat-file --filters --path="$1" "$2" | head -c "$3" | git hash-object --no-filters --stdin
git hash-object --no-filters -- "$1"
`

/** Git writes a file in place: one that was killed leaves the beginning of it. All of that is in what comes instead. */
async function isBegun(git: Git, place: Place, path: string, is: { mode: string; oid: string }): Promise<boolean> {
  const now = await lstat(join(place.worktree, path)).catch(() => undefined)
  if (!now?.isFile() || !is.mode.startsWith('100') || path.includes('\uFFFD')) return false
  const { code, out } = await git.script(place, compare, [path, is.oid, String(now.size)], { also: [1, 128] })
  const [wanted, found] = out.split('\n')
  return code === 0 && wanted === found && wanted !== ''
}

async function oidOf(
  git: Git,
  place: Place,
  path: string,
  is: { mode: string; oid: string },
): Promise<string | undefined> {
  const now = await lstat(join(place.worktree, path)).catch(() => undefined)
  if (now?.isSymbolicLink())
    return is.mode === '120000' ? linkOid(await readlink(join(place.worktree, path)), is.oid) : undefined
  if (!now?.isFile() || path.includes('\n')) return undefined
  return (await git.run(place, ['hash-object', '--stdin-paths'], { input: `${path}\n` })).out.trim()
}

const linkOid = (target: string, like: string): string =>
  createHash(like.length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${Buffer.byteLength(target)}\0${target}`)
    .digest('hex')

/** After a start: moves whose branch did move are finished, the others forgotten. */
export async function finishMoves(to: Checkouts): Promise<void> {
  for (const pending of to.pending.all()) await finish(to, pending)
}

/** What stood in the way of a move may be gone by now: it is tried again before anybody looks whether the next one can be made. */
export async function finishFailed(to: Checkouts): Promise<void> {
  for (const pending of to.pending.all()) if (pending.failed && !exists(lockOf(pending))) await finish(to, pending)
}

async function finish(to: Checkouts, pending: Pending): Promise<void> {
  const { path, gitDir, from } = pending
  const head = await to.refs.commitOf(gitDir)
  const landed = head && (await landedOf(to.git, pending, head))
  if (landed) await follow(to, [{ path, gitDir, from, to: landed }])
  else to.pending.drop(gitDir)
}

/** Checkouts that did not follow: their next commit would undo a landing. */
export async function behind({ pending, refs }: Checkouts, branch: string): Promise<{ path: string; by: string }[]> {
  const tip = await refs.read(`refs/heads/${branch}`)
  return pending.all().flatMap(({ path, to, failed }) => (failed || to === tip ? [{ path, by: to }] : []))
}
