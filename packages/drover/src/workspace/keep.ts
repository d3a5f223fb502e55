import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import type { Kept } from '../ports/workspace.ts'
import { pathsOf, readChanges } from './changes.ts'
import { writeCommit, type Person } from './commit-object.ts'
import { learnChanges } from './differences.ts'
import { isCheckedOut, isOn } from './heads.ts'
import { keptMessage, keptTrailer, plainLine } from './message.ts'
import { updateRefs, zeros, type Refs } from './refs.ts'
import { isThere, onCopy, placeOf, repair } from './repair.ts'
import { stage } from './stage.ts'
import type { Staged, Staging } from './staged.ts'
import type { Entries, Entry } from './worktree-file.ts'
import { writeRef } from './write-ref.ts'

export interface Keeping extends Staging {
  refs: Refs
  entries: Entries
  committer: Person
  now(): number
}

export interface Keep {
  task: string
  attempt: number
  message: string
  author: Person
  beside?: boolean
}

/** What the worktree's HEAD is, compared with the base. */
interface Standing {
  head: string
  /** The nearest commit that both have: an agent may have gone back to an older one. */
  base: string
  parents: string[]
  tree: string | null
  subjects: string[]
}

export const rescueRef = (task: string, attempt: number | string): string => `refs/drover/rescue/${task}/${attempt}`
export const branchRef = (task: string): string => `refs/heads/drover/${task}`

/** Commits what is there on top of what the agent committed, and points the attempt's refs at it. */
export async function keepWork(to: Keeping, entry: Entry, wanted: Keep): Promise<Kept> {
  if (!wanted.beside) {
    repair(entry, to.runFolder)
    await leaveBranch(to, entry, branchRef(wanted.task))
  }
  // An agent that removed its whole worktree did not ask for every file to be deleted on the branch.
  const isGone = !isThere(entry)
  const look = isGone ? standGone : wanted.beside ? standBeside : standAndStage
  const { standing, staged } = await look(to, entry)
  const leftovers = standing.tree === null ? staged.changes.length > 0 : staged.tree !== standing.tree
  const commit = await commitOf(to, wanted, { standing, staged, leftovers })
  if (commit) learnChanges(to.git, { from: standing.base, to: commit, changes: staged.changes, tree: staged.tree })
  await pointAt(to, wanted, commit, await keepAside(to, wanted, staged))
  // An agent that goes on there may have changed it again by now.
  if (!wanted.beside) to.entries.save({ ...entry, base: standing.base, kept: true })
  const lost = isGone && commit === null ? ['its worktree was removed, with all that was not committed'] : []
  const problem = [...staged.problems, ...lost, ...(await filterProblems(to))].join('; ') || null
  return {
    commit,
    base: standing.base,
    leftovers,
    claims: staged.claims,
    subjects: standing.subjects,
    files: pathsOf(staged.changes),
    problem,
  }
}

/** The branch that is ours to move and to delete is not for an agent to stand on. */
async function leaveBranch({ refs }: Keeping, { gitDir }: Entry, own: string): Promise<void> {
  const commit = isOn(refs, gitDir!, own) ? await refs.read(own) : undefined
  if (commit) writeFileSync(join(gitDir!, 'HEAD'), `${commit}\n`)
}

/** Both at once: almost always the base is the commit that it was. */
async function standAndStage(to: Keeping, entry: Entry): Promise<{ standing: Standing; staged: Staged }> {
  const [stood, hoped] = await Promise.allSettled([standOf(to, entry), stage(to, placeOf(entry), entry.base!)])
  if (stood.status === 'rejected') throw stood.reason
  const standing = stood.value
  if (standing.base !== entry.base) return { standing, staged: await stage(to, placeOf(entry), standing.base) }
  if (hoped.status === 'rejected') throw hoped.reason
  return { standing, staged: hoped.value }
}

/** An agent goes on there: it is looked at on a copy of its index. */
async function standBeside(to: Keeping, entry: Entry): Promise<{ standing: Standing; staged: Staged }> {
  const standing = await standOf(to, entry)
  return { standing, staged: await onCopy(to, entry, (place) => stage(to, place, standing.base)) }
}

async function standGone(to: Keeping, entry: Entry): Promise<{ standing: Standing; staged: Staged }> {
  const standing = await standOf(to, entry)
  return { standing, staged: await untouched(to, standing) }
}

async function standOf({ git, refs }: Keeping, entry: Entry): Promise<Standing> {
  const base = entry.base!
  const head = await refs.commitOf(entry.gitDir!)
  if (head === undefined || head === base) return { head: base, base, parents: [base], tree: null, subjects: [] }
  const commits = await commitsOn(git, base, head, [128])
  const tree = commits.find(({ commit }) => commit === head)?.tree
  if (tree && commits.some(({ isEdge, commit }) => isEdge && commit === base))
    return { head, base, parents: [head], tree, subjects: subjectsIn(commits) }
  return standApart(git, base, head)
}

const describe = `
git merge-base "$1" "$2" || echo none
git rev-parse "$2^{tree}"
`

/** The agent went back behind the base, or to something else altogether. */
async function standApart(git: Keeping['git'], base: string, head: string): Promise<Standing> {
  const { code, out } = await git.script(git.bare, describe, [base, head], { also: [128] })
  if (code !== 0) return { head: base, base, parents: [base], tree: null, subjects: [] }
  const [shared, tree] = out.split('\n') as [string, string]
  const nearest = shared === 'none' ? base : shared
  const subjects = nearest === head ? [] : subjectsIn(await commitsOn(git, nearest, head))
  // Without a commit in common nothing could be merged: its content then stands on the base.
  return { head, base: nearest, parents: shared === 'none' ? [base, head] : [head], tree, subjects }
}

interface Commit {
  /** It is where the agent's commits begin, and none of them. */
  isEdge: boolean
  commit: string
  tree: string
  subject: string
  isOurs: boolean
}

const format = `--format=%m%x1f%H%x1f%T%x1f%s%x1f%(trailers:key=${keptTrailer},valueonly,separator=%x2c)`

/** What is on the head and not on the base, oldest first, in one look. */
async function commitsOn(
  git: Keeping['git'],
  base: string,
  head: string,
  also: readonly number[] = [],
): Promise<Commit[]> {
  const words = ['log', '-z', '--reverse', '--boundary', '--max-count=500', format, head, `^${base}`, '--']
  const { out } = await git.run(git.bare, words, { also })
  const lines = out.split('\0').map((line) => line.split('\x1f'))
  return lines.flatMap(([side, commit, tree, subject = '', own = '']) =>
    commit && tree ? [{ isEdge: side === '-', commit, tree, subject, isOurs: own.trim() !== '' }] : [],
  )
}

const subjectsIn = (commits: readonly Commit[]): string[] =>
  commits.flatMap(({ isEdge, isOurs, subject }) => (isEdge || isOurs || !subject ? [] : [subject]))

const untouched = async ({ git }: Keeping, { head, base }: Standing): Promise<Staged> => {
  const { out } = await git.script(
    git.bare,
    'git rev-parse "$1^{tree}"; git diff-tree -r -z --raw --no-renames "$2" "$1"',
    [head, base],
  )
  const end = out.indexOf('\n')
  return { tree: out.slice(0, end), changes: readChanges(out.slice(end + 1)), claims: [], problems: [], aside: [] }
}

interface Work {
  standing: Standing
  staged: Staged
  leftovers: boolean
}

/** A later keeping of the same attempt stands on the earlier, so nothing that was kept is ever let go. */
async function commitOf(to: Keeping, wanted: Keep, { standing, staged, leftovers }: Work): Promise<string | null> {
  const { head, base, parents } = standing
  if (head === base && !leftovers) return null
  const write = (on: readonly string[]) => writeKept(to, wanted, staged.tree, on)
  const own = leftovers || parents.length > 1
  const earlier = await to.refs.read(rescueRef(wanted.task, wanted.attempt))
  const relation = earlier ? await compare(to, earlier, head) : null
  if (!earlier || !relation || relation.isInHead) return own ? write(parents) : head
  if (relation.tree === staged.tree && relation.hasHead) return earlier
  return write(relation.hasHead ? [earlier] : [...parents, earlier])
}

const writeKept = (
  { git, committer, now }: Keeping,
  { task, attempt, message, author }: Keep,
  tree: string,
  parents: readonly string[],
) =>
  writeCommit(git.common, { tree, parents, author, committer, at: now(), message: keptMessage(message, task, attempt) })

const relate = `
git rev-parse "$1^{tree}"
if git merge-base --is-ancestor "$1" "$2"; then echo yes; else echo no; fi
if git merge-base --is-ancestor "$2" "$1"; then echo yes; else echo no; fi
`

async function compare({ git }: Keeping, earlier: string, head: string) {
  const [tree, isInHead, hasHead] = (await git.script(git.bare, relate, [earlier, head])).out.split('\n')
  return { tree: tree!, isInHead: isInHead === 'yes', hasHead: hasHead === 'yes' }
}

/** Uncommitted work of submodules, which the worktree's own commit cannot hold. */
async function keepAside(
  { git, refs, committer, now }: Keeping,
  { task, attempt, author }: Keep,
  { aside }: Staged,
): Promise<[string, string][]> {
  const kept: [string, string][] = []
  for (const [n, { path, tree }] of aside.entries()) {
    const ref = rescueRef(task, `${attempt}-module-${n + 1}`)
    const earlier = await refs.read(ref)
    if (earlier && (await git.run(git.bare, ['rev-parse', `${earlier}^{tree}`])).out.trim() === tree) continue
    const message = `Uncommitted work of ${task} in ${plainLine(path)}\n`
    kept.push([
      ref,
      writeCommit(git.common, { tree, parents: earlier ? [earlier] : [], author, committer, at: now(), message }),
    ])
  }
  return kept
}

async function pointAt(
  { git, refs }: Keeping,
  { task, attempt }: Keep,
  commit: string | null,
  aside: readonly [string, string][],
): Promise<void> {
  const rescue: [string, string][] = commit ? [[rescueRef(task, attempt), commit]] : []
  const wanted = [...rescue, ...aside]
  // A branch that somebody called `drover`, or works on, leaves no room for ours; the rescue ref holds the work.
  if (commit && !(await refs.read('refs/heads/drover')) && !isCheckedOut(git.common, refs, branchRef(task)))
    wanted.push([branchRef(task), commit])
  const lines: string[] = []
  for (const [ref, to] of wanted) {
    const from = await refs.read(ref)
    if (from !== to && !(await writeRef(git.common, { ref, from, to })))
      lines.push(`update ${ref} ${to} ${from ?? zeros(to)}`)
  }
  if (lines.length > 0) await updateRefs(git, lines)
}

/** With a filter off, files stand in this commit as they should never be stored. */
async function filterProblems({ git }: Keeping): Promise<string[]> {
  const filters = (await git.drivers.strange()).filter((key) => key.startsWith('filter.'))
  if (filters.length === 0) return []
  const { message, hint } = new DroverError('untrusted-config', { keys: filters })
  return [`${message}; look at .git/config, then \`${hint}\``]
}
