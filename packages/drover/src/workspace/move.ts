import { DroverError } from '../domain/error.ts'
import type { Moved } from '../ports/workspace.ts'
import type { Git } from './git.ts'
import { isCheckedOut } from './heads.ts'
import { branchRef, rescueRef } from './keep.ts'
import { refuseStrangeDrivers } from './merge.ts'
import { updateRefs, zeros, type Refs } from './refs.ts'

export interface Moving {
  git: Git
  refs: Refs
  /** What `refs/drover/epoch` was when this process took the repository over. */
  epoch(): Promise<string | undefined>
}

export interface MoveWanted {
  task: string
  branch: string
  from: string
  to: string
}

export const landedRef = (task: string): string => `refs/drover/landed/${task}`
export const epochRef = 'refs/drover/epoch'

/** The one moment at which work reaches the branch. What happened is read from the refs, not from git's words. */
export async function move(moving: Moving, wanted: MoveWanted): Promise<Moved> {
  const { git, refs } = moving
  const { task, branch, from, to } = wanted
  if (await refs.read(landedRef(task))) return { outcome: 'already' }
  await refuseStrangeDrivers(git)
  const epoch = (await moving.epoch()) ?? zeros(to)
  const own = branchRef(task)
  const deletes = (await refs.read(own)) !== undefined && !(await isCheckedOut(git.common, refs, own))
  const lines = [
    `verify ${epochRef} ${epoch}`,
    `update refs/heads/${branch} ${to} ${from}`,
    `create ${landedRef(task)} ${to}`,
    ...(deletes ? [`delete ${own}`] : []),
  ]
  // -1: it was killed, and may have moved the branch or not.
  const { code, err } = await updateRefs(git, lines, [128, -1])
  if (code === 0) return { outcome: 'landed' }
  return judge(moving, wanted, { epoch, err })
}

async function judge(
  { refs }: Moving,
  { task, branch, from, to }: MoveWanted,
  { epoch, err }: { epoch: string; err: string },
): Promise<Moved> {
  const landed = await refs.read(landedRef(task))
  if (landed) return { outcome: landed === to ? 'landed' : 'already' }
  if (((await refs.read(epochRef)) ?? zeros(to)) !== epoch) return { outcome: 'fenced' }
  if ((await refs.read(`refs/heads/${branch}`)) !== from) return { outcome: 'moved' }
  throw new DroverError('git', { command: 'update-ref', problem: err.trim() })
}

/** So that a task which was reopened may land once more; what landed stays kept. */
export async function unland({ git, refs }: Moving, task: string): Promise<void> {
  const commit = await refs.read(landedRef(task))
  if (!commit) return
  for (let n = 1; ; n++) {
    const ref = rescueRef(task, `landed-${n}`)
    if (await refs.read(ref)) continue
    await updateRefs(git, [`create ${ref} ${commit}`, `delete ${landedRef(task)} ${commit}`])
    return
  }
}
