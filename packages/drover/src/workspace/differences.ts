import { pathsOf, readChanges, type Change } from './changes.ts'
import type { Git } from './git.ts'
import { parentOf } from './growth.ts'

/** What differs between two commits, and the tree of the second. */
interface Difference {
  changes: readonly Change[]
  tree?: string
}

const known = new WeakMap<Git, Map<string, Difference>>()
const mostKnown = 1000

/** What differs between two commits. A landing asks for it three times. */
export async function changesBetween(git: Git, from: string, to: string): Promise<readonly Change[]> {
  const found = knownBetween(git, from, to)
  if (found) return found.changes
  const { out } = await git.run(git.bare, ['diff-tree', '-r', '-z', '--raw', '--no-renames', from, to])
  const changes = readChanges(out)
  learnChanges(git, { from, to, changes })
  return changes
}

export const knownBetween = (git: Git, from: string, to: string): Difference | undefined =>
  known.get(git)?.get(`${from} ${to}`)

export function learnChanges(
  git: Git,
  { from, to, ...difference }: { from: string; to: string; changes: readonly Change[]; tree?: string },
): void {
  const of = known.get(git) ?? new Map<string, Difference>()
  known.set(git, of)
  if (of.size >= mostKnown) of.clear()
  of.set(`${from} ${to}`, difference)
}

const longestWay = 200
const mostChanges = 2000

/** What others landed since the base; nothing when not all of it landed from here. */
export function knownSince(git: Git, base: string, tip: string): readonly Change[] | undefined {
  const all: Change[] = []
  let at: string | undefined = tip
  for (let n = 0; at !== base; n++) {
    const parent: string | undefined = at === undefined ? undefined : parentOf(git, at)
    const step: Difference | undefined = parent === undefined ? undefined : knownBetween(git, parent, at!)
    if (!step || n === longestWay || all.length > mostChanges) return undefined
    all.push(...step.changes)
    at = parent
  }
  return all
}

/**
 * Whether two sets of changes have nothing to do with each other, so that a merge makes both as they are. A path that goes
 * may be half of a rename, and a rename may take along what others add beside it.
 */
export function areApart(some: readonly Change[], others: readonly Change[]): boolean {
  if ([...some, ...others].some(({ is }) => is === null)) return false
  const [mine, theirs] = [new Set(pathsOf(some)), new Set(pathsOf(others))]
  return !pathsOf(some).some((path) => reaches(path, theirs)) && !pathsOf(others).some((path) => reaches(path, mine))
}

function reaches(path: string, into: ReadonlySet<string>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
    if (into.has(path.slice(0, end))) return true
  return false
}
