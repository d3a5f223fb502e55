import type { Git } from './git.ts'

const parents = new WeakMap<Git, Map<string, string>>()
const mostKnown = 1000

/** What a commit of ours was built on, so that nobody need ask git how the branch grew. */
export function learnParent(git: Git, commit: string, parent: string): void {
  const known = parents.get(git) ?? new Map<string, string>()
  parents.set(git, known)
  if (known.size >= mostKnown) known.clear()
  known.set(commit, parent)
}

export const parentOf = (git: Git, commit: string): string | undefined => parents.get(git)?.get(commit)

export const isOurs = (git: Git, commit: string): boolean => parents.get(git)?.has(commit) ?? false

/** Whether the tip stands on this base. It does not when a person reset, amended or rebased the branch. */
export async function grewFrom(git: Git, tip: string, base: string): Promise<boolean> {
  for (let at: string | undefined = tip; at !== undefined; at = parentOf(git, at)) if (at === base) return true
  return (await git.run(git.bare, ['merge-base', '--is-ancestor', base, tip], { also: [1] })).code === 0
}
