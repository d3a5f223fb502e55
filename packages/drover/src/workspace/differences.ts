import { readChanges, type Change } from './changes.ts'
import type { Git } from './git.ts'

const known = new WeakMap<Git, Map<string, readonly Change[]>>()
const mostKnown = 100

/** What differs between two commits. A landing asks for it three times. */
export async function changesBetween(git: Git, from: string, to: string): Promise<readonly Change[]> {
  const found = known.get(git)?.get(`${from} ${to}`)
  if (found) return found
  const changes = readChanges(
    (await git.run(git.bare, ['diff-tree', '-r', '-z', '--raw', '--no-renames', from, to])).out,
  )
  learnChanges(git, { from, to, changes })
  return changes
}

export function learnChanges(
  git: Git,
  { from, to, changes }: { from: string; to: string; changes: readonly Change[] },
): void {
  const of = known.get(git) ?? new Map<string, readonly Change[]>()
  known.set(git, of)
  if (of.size >= mostKnown) of.clear()
  of.set(`${from} ${to}`, changes)
}
