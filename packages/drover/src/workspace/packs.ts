import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import type { Snapshot } from '../ports/workspace.ts'
import { writeCommit } from './commit-object.ts'
import { branchRef, rescueRef } from './keep.ts'
import { treeNow } from './look.ts'
import { keptMessage } from './message.ts'
import { isOid, updateRefs } from './refs.ts'
import type { Worktrees } from './worktrees.ts'

/** What the task has done that the base lacks, packed so that it can go to another repository. */
export async function snapshot(
  to: Worktrees,
  { task, attempt, base }: { task: string; attempt: number; base: string },
): Promise<Snapshot | undefined> {
  const commit = (await commitNow(to, task, attempt)) ?? (await keptOf(to, task, attempt))
  if (!commit || (await isIn(to, commit, base))) return undefined
  return { task, attempt, commit, pack: await pack(to, commit, base) }
}

async function keptOf({ refs }: Worktrees, task: string, attempt: number): Promise<string | undefined> {
  return (await refs.read(rescueRef(task, attempt))) ?? refs.read(branchRef(task))
}

/** A commit of what stands in its worktree at this moment; nobody's index and no ref is touched. */
async function commitNow(to: Worktrees, task: string, attempt: number): Promise<string | undefined> {
  const { git, refs, committer } = to
  const now = await treeNow(to, task)
  if (!now) return undefined
  const { entry, tree } = now
  const head = (await refs.commitOf(entry.gitDir)) ?? entry.base
  if ((await git.run(git.bare, ['rev-parse', `${head}^{tree}`])).out.trim() === tree) return head
  const message = keptMessage('As it stood when it was exported', task, attempt)
  return writeCommit(git.common, { tree, parents: [head], author: committer, committer, at: to.now(), message })
}

const isIn = async ({ git }: Worktrees, commit: string, base: string): Promise<boolean> =>
  (await git.run(git.bare, ['merge-base', '--is-ancestor', commit, base], { also: [1, 128] })).code === 0

const packing = `
printf '%s\\n^%s\\n' "$1" "$2" | git pack-objects -q --revs --stdout > "$3"
`

async function pack(to: Worktrees, commit: string, base: string): Promise<string> {
  const file = fileOf(to, commit)
  try {
    await to.git.script(to.git.bare, packing, [commit, base, file])
    return (await readFile(file)).toString('base64')
  } finally {
    await rm(file, { force: true })
  }
}

/**
 * `--strict`: objects from outside are looked at as a server looks at what is pushed to it. Refs alone say what is here already: a
 * worktree that is just being made has a HEAD that is none.
 */
const unpacking = `
git index-pack --strict --fix-thin --stdin < "$1" > /dev/null
git rev-list --objects --quiet "$2" --not --glob=refs/*
`

export async function unpack(to: Worktrees, { task, attempt, commit, pack: text }: Snapshot): Promise<void> {
  if (!isOid(commit)) throw broken(task, attempt, `"${commit}" is no commit`)
  const file = fileOf(to, commit)
  try {
    await writeFile(file, Buffer.from(text, 'base64'), { mode: 0o600 })
    await to.git.script(to.git.bare, unpacking, [file, commit])
  } catch (error) {
    throw error instanceof DroverError && error.code === 'git' ? broken(task, attempt, error.message) : error
  } finally {
    await rm(file, { force: true })
  }
}

const fileOf = ({ runFolder, random }: Worktrees & { random?: () => string }, commit: string): string =>
  join(runFolder, `work-${commit.slice(0, 12)}-${random?.() ?? process.pid}.pack`)

const broken = (task: string, attempt: number, problem: string): DroverError =>
  new DroverError('bad-session', { file: `the work of ${task}/${attempt}`, problem })

/** Kept as if it had been done here. What is kept here already under that name stays, and this beside it. */
export async function adopt(
  { git, refs }: Pick<Worktrees, 'git' | 'refs'>,
  { task, attempt, commit }: Omit<Snapshot, 'pack'>,
): Promise<void> {
  const lines: string[] = []
  const own = await refs.read(rescueRef(task, attempt))
  if (own !== commit)
    lines.push(`create ${own ? await freeRef(refs, task, attempt) : rescueRef(task, attempt)} ${commit}`)
  if (!own && !(await refs.read(branchRef(task))) && !(await refs.read('refs/heads/drover')))
    lines.push(`create ${branchRef(task)} ${commit}`)
  if (lines.length > 0) await updateRefs(git, lines)
}

async function freeRef(refs: Worktrees['refs'], task: string, attempt: number): Promise<string> {
  for (let n = 1; ; n++) {
    const ref = rescueRef(task, `${attempt}-imported-${n}`)
    if (!(await refs.read(ref))) return ref
  }
}

export const has = async ({ git }: Pick<Worktrees, 'git'>, commit: string): Promise<boolean> =>
  isOid(commit) && (await git.run(git.bare, ['cat-file', '-e', `${commit}^{commit}`], { also: [1, 128] })).code === 0
