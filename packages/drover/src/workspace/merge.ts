import { mkdirSync } from 'node:fs'
import { DroverError } from '../domain/error.ts'
import type { Conflict, LandingText, Merge } from '../ports/workspace.ts'
import type { Attributes } from './attributes.ts'
import { gitlink, pathsOf, readChanges, refusedPaths, type Change } from './changes.ts'
import { writeCommit, type Person } from './commit-object.ts'
import { areApart, knownBetween, knownSince, learnChanges } from './differences.ts'
import type { Git, Place } from './git.ts'
import { landingMessage } from './message.ts'
import { grewFrom, isOurs, learnParent } from './growth.ts'
import { wasMadeIn } from './made-in.ts'
import type { Refs } from './refs.ts'
import { exists } from './small-files.ts'
import { bring, type Sharing } from './share.ts'
import { canReach } from './submodules.ts'
import type { Entries } from './worktree-file.ts'

export interface Merging {
  git: Git
  entries: Entries
  refs: Refs
  attributes: Attributes
  committer: Person
  tip(branch: string): Promise<string>
  sharing: Sharing
}

export interface MergeWanted {
  task: string
  branch: string
  commit: string
  base: string
  text: LandingText
  history: 'squash' | 'merge'
}

/** The commit that would land: built in the object store, no file of any checkout is touched. */
export async function merge(to: Merging, wanted: MergeWanted): Promise<Merge | Conflict> {
  await refuseStrangeDrivers(to.git)
  const tip = await to.tip(wanted.branch)
  await bring(to.sharing, wanted.task, wanted.commit)
  const grew = await grewFrom(to.git, tip, wanted.base)
  const [ours, theirs] = grew ? [tip, wanted.commit] : await sidesOf(to, tip, wanted)
  const merged =
    tip === wanted.base
      ? await asItIs(to.git, tip, wanted.commit)
      : await mergeTrees(to, tip, [ours, theirs], grew ? changesApart(to.git, wanted, tip) : undefined)
  if (!('tree' in merged)) return { outcome: 'conflict', tip, ...merged }
  const refused = await whyNot(to.git, merged.changes)
  if (refused) return { outcome: 'conflict', tip, ...refused }
  const files = pathsOf(merged.changes)
  const ownTip = tip !== wanted.base && !isOurs(to.git, tip) && (await wasMadeIn(to.entries, wanted.task, tip))
  const same = { outcome: 'merged', tip, tree: merged.tree, ownTip, files } as const
  if (files.length === 0) return { ...same, commit: tip, empty: true }
  const parents = wanted.history === 'merge' && grew ? [tip, wanted.commit] : [tip]
  const { author, at } = wanted.text
  const commit = writeCommit(to.git.common, {
    tree: merged.tree,
    parents,
    author,
    committer: to.committer,
    at,
    message: landingMessage(wanted.text),
  })
  to.attributes.learn(commit, tip, merged.changes)
  learnChanges(to.git, { from: tip, to: commit, changes: merged.changes })
  learnParent(to.git, commit, tip)
  return { ...same, commit, empty: false }
}

export async function tipOf(refs: Refs, branch: string): Promise<string> {
  const tip = await refs.read(`refs/heads/${branch}`)
  if (!tip) throw new DroverError('git', { command: 'rev-parse', problem: `there is no branch "${branch}"` })
  return tip
}

/** Programs that nobody has agreed to may have been configured since; nothing lands until a person has looked. */
export async function refuseStrangeDrivers(git: Git): Promise<void> {
  const keys = await git.drivers.strange()
  if (keys.length > 0) throw new DroverError('untrusted-config', { keys })
}

interface Merged {
  tree: string
  changes: readonly Change[]
}
type Refused = Pick<Conflict, 'files' | 'detail'>

const describe = `
git rev-parse "$2^{tree}"
git diff-tree -r -z --raw --no-renames "$1" "$2"
`
const mergeAndDescribe = `
tree=$(git merge-tree --write-tree --no-messages "$1" "$2")
echo "$tree"
git diff-tree -r -z --raw --no-renames "$1" "$tree"
`

/** Nobody else has landed since the base: the merge is the attempt's own tree. */
async function asItIs(git: Git, tip: string, commit: string): Promise<Merged> {
  const known = knownBetween(git, tip, commit)
  return known?.tree
    ? { tree: known.tree, changes: known.changes }
    : read((await git.script(git.bare, describe, [tip, commit])).out)
}

/** What the merge will change, where that is clear beforehand: it saves the landing a process. */
function changesApart(git: Git, { base, commit }: MergeWanted, tip: string): readonly Change[] | undefined {
  const own = knownBetween(git, base, commit)?.changes
  const others = own && knownSince(git, base, tip)
  return others && areApart(own, others) ? own : undefined
}

async function mergeTrees(
  { git, attributes }: Merging,
  tip: string,
  sides: readonly [string, string],
  changes: readonly Change[] | undefined,
): Promise<Merged | Refused> {
  const folder = await attributes.folderOf(tip)
  if (!exists(folder)) mkdirSync(folder, { recursive: true })
  const place: Place = { ...git.bare, cwd: folder, worktree: folder }
  const also = [1, 128]
  const { code, out, err } = changes
    ? await git.run(place, ['merge-tree', '--write-tree', '--no-messages', ...sides], { also })
    : await git.script(place, mergeAndDescribe, sides, { also })
  if (code === 0) return changes ? { tree: out.trim(), changes } : read(out)
  if (code === 1) return conflictOf(git, place, sides)
  if (/unrelated histories/.test(err))
    return { files: [], detail: 'the commits have no history in common with the branch' }
  throw new DroverError('git', { command: 'merge-tree', problem: err.trim() })
}

const treesOf = 'for commit; do git rev-parse "$commit^{tree}"; done'

/** The person has rewritten the branch: only what the attempt changed lands, and nothing of what they took away with it. */
async function sidesOf(
  { git, committer }: Merging,
  tip: string,
  { base, commit }: MergeWanted,
): Promise<[string, string]> {
  const trees = (await git.script(git.bare, treesOf, [base, tip, commit])).out.split('\n')
  const at = (tree: string, parents: string[]) =>
    writeCommit(git.common, { tree, parents, author: committer, committer, at: 0, message: 'a side of a merge\n' })
  const before = await at(trees[0]!, [])
  return [await at(trees[1]!, [before]), await at(trees[2]!, [before])]
}

function read(out: string): Merged {
  const end = out.indexOf('\n')
  return { tree: out.slice(0, end), changes: readChanges(out.slice(end + 1)) }
}

async function conflictOf(git: Git, place: Place, commits: readonly string[]): Promise<Refused> {
  const { out } = await git.run(place, ['merge-tree', '--write-tree', '-z', '--name-only', '--messages', ...commits], {
    also: [1],
  })
  const [names = '', messages = ''] = out.split(/\0\0(.*)/s)
  const files = [...new Set(names.split('\0').slice(1))]
  const said = messages
    .split('\0')
    .flatMap((part) => (part.startsWith('CONFLICT') && part.endsWith('\n') ? [part.trim()] : []))
  const detail = said.join('\n')
  return { files, detail: detail.slice(0, 2000) || `conflict in ${files.join(', ')}` }
}

/** What no branch should hold: paths that git would not check out, links to commits that nobody can fetch. */
async function whyNot(git: Git, changes: readonly Change[]): Promise<Refused | undefined> {
  const refused = refusedPaths(changes)
  if (refused.length > 0) return { files: refused, detail: `git refuses these paths: ${refused.join(', ')}` }
  const links = changes.flatMap(({ path, is }) => (is?.mode === gitlink ? [{ path, oid: is.oid }] : []))
  const far: string[] = []
  for (const link of links) if (!(await canReach(git, link.oid))) far.push(link.path)
  return far.length > 0
    ? { files: far, detail: `the commits of these submodules cannot be reached: ${far.join(', ')}` }
    : undefined
}
