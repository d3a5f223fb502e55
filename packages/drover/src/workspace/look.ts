import { DroverError } from '../domain/error.ts'
import type { Git, Place } from './git.ts'
import { branchRef, rescueRef } from './keep.ts'
import { landedRef } from './move.ts'
import { isOid, updateRefs, zeros } from './refs.ts'
import { isThere, onCopy } from './repair.ts'
import { stage } from './stage.ts'
import type { Entry } from './worktree-file.ts'
import type { Worktrees } from './worktrees.ts'

export type DiffKind = 'patch' | 'stat' | 'names'

const diffArgs: Record<DiffKind, string[]> = {
  patch: ['-p', '--binary', '-M'],
  stat: ['--stat', '-M'],
  names: ['--name-only'],
}

/** What a task changed: in its worktree as it is now, else what was kept or has landed. */
export async function diff(to: Worktrees, task: string, against: string | null, how: DiffKind): Promise<string> {
  const from = against === null ? null : await commitNamed(to.git, against)
  const now = await treeNow(to, task)
  const ends = now ? { from: from ?? now.entry.base, to: now.tree } : await keptEnds(to, task, from)
  if (!ends) return ''
  return (
    await to.git.run(to.git.bare, [
      'diff',
      '--no-ext-diff',
      '--no-textconv',
      '--no-color',
      ...diffArgs[how],
      ends.from,
      ends.to,
      '--',
    ])
  ).out
}

/** What a commit of ours changed since it and the base went apart; nothing when it is not there any more. */
export async function patch({ git }: Worktrees, base: string, commit: string): Promise<string> {
  const words = ['diff', '--no-ext-diff', '--no-textconv', '--no-color', '-M', `${base}...${commit}`, '--']
  return isOid(base) && isOid(commit) ? (await git.run(git.bare, words, { also: [128] })).out : ''
}

type Standing = Entry & { gitDir: string; base: string }

/** What stands in the task's worktree; nothing where there is none, or where it was taken away while it was looked at. */
export async function treeNow(to: Worktrees, task: string): Promise<{ entry: Standing; tree: string } | undefined> {
  const entry = to.entries.of(task)
  if (!entry || !isStanding(entry)) return undefined
  const isStill = () => {
    const now = to.entries.reread(entry.name)
    return now?.task === task && isStanding(now)
  }
  try {
    const { tree } = await onCopy(to, entry, (place) => stage(to, place, entry.base))
    return isStill() ? { entry, tree } : undefined
  } catch (error) {
    if (isStill()) throw error
    return undefined
  }
}

const isStanding = (entry: Entry): entry is Standing =>
  entry.state === 'used' && entry.ready && entry.gitDir !== null && entry.base !== null && isThere(entry)

async function keptEnds(
  { git, refs, target }: Worktrees,
  task: string,
  from: string | null,
): Promise<{ from: string; to: string } | undefined> {
  const landed = await refs.read(landedRef(task))
  if (landed) return { from: from ?? `${landed}^`, to: landed }
  const kept = await refs.read(branchRef(task))
  if (!kept) return undefined
  return { from: from ?? (await git.run(git.bare, ['merge-base', `refs/heads/${target}`, kept])).out.trim(), to: kept }
}

/** A name that a person typed never reaches git where it could be an option. */
async function commitNamed(git: Git, name: string): Promise<string> {
  if (isOid(name)) return name
  const place: Place = git.bare
  const { code, out } = /^[\w][\w./@^~{}+-]*$/.test(name)
    ? await git.run(place, ['rev-parse', '--verify', '-q', '--end-of-options', `${name}^{commit}`], { also: [1, 128] })
    : { code: 1, out: '' }
  if (code !== 0)
    throw new DroverError('bad-value', {
      name: 'the commit to compare with',
      value: name,
      expected: 'a commit or a branch',
    })
  return out.trim()
}

export interface Rescue {
  task: string
  attempt: string
  commit: string
  at: number
  subject: string
}

export async function rescues({ git }: Worktrees, task?: string): Promise<Rescue[]> {
  const under = task === undefined ? 'refs/drover/rescue/' : `refs/drover/rescue/${task}/`
  const { out } = await git.run(git.bare, [
    'for-each-ref',
    '--format=%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents:subject)',
    under,
  ])
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [ref = '', commit = '', at = '0', subject = ''] = line.split('\0')
      const [owner = '', attempt = ''] = ref.slice('refs/drover/rescue/'.length).split('/')
      return { task: owner, attempt, commit, at: Number(at) * 1000, subject }
    })
}

/** A branch at what was kept under `<task>/<attempt>`; no checkout is touched. */
export async function restore({ git, refs }: Worktrees, name: string): Promise<string> {
  const [task = '', attempt = ''] = name.split('/')
  const commit = /^[\w.-]+\/[\w.-]+$/.test(name) ? await refs.read(rescueRef(task, attempt)) : undefined
  if (!commit) throw new DroverError('no-rescue', { name })
  for (let n = 1; ; n++) {
    const branch = `rescue/${task}-${attempt}${n === 1 ? '' : `-${n}`}`
    const now = await refs.read(`refs/heads/${branch}`)
    if (now === commit) return branch
    if (now) continue
    await updateRefs(git, [`update refs/heads/${branch} ${commit} ${zeros(commit)}`])
    return branch
  }
}
