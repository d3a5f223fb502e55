import { DroverError } from '../domain/error.ts'
import type { Moved } from '../ports/workspace.ts'
import type { CheckoutMove } from '../domain/event.ts'
import type { Checkouts } from './checkouts.ts'
import { followLocked } from './follow.ts'
import { isCheckedOut } from './heads.ts'
import { branchRef, rescueRef } from './keep.ts'
import { refuseStrangeDrivers } from './merge.ts'
import { updateRefs, zeros } from './refs.ts'
import { lockIndexes } from './user-index.ts'

export interface Moving extends Checkouts {
  /** What `refs/drover/epoch` was when this process took the repository over. */
  epoch(): Promise<string | undefined>
  /** It was taken away, and is this from now on. */
  renewed(epoch: string): void
}

export interface MoveWanted {
  task: string
  branch: string
  from: string
  to: string
  /** Those that must move along, looked at before. */
  checkouts?: readonly CheckoutMove[]
}

export const landedRef = (task: string): string => `refs/drover/landed/${task}`
export const epochRef = 'refs/drover/epoch'

/**
 * The branch and its checkouts, with their indexes locked: a commit of the user's between the two would be made from the old index
 * and undo the landing without a word. Measured, with a commit every 130 ms: one landing of thirty-six was gone.
 */
export async function move(moving: Moving, wanted: MoveWanted): Promise<Moved> {
  const { checkouts = [] } = wanted
  const unlock = await lockIndexes(moving.git, checkouts)
  if (!unlock) return { outcome: 'locked' }
  try {
    // A start may have forgotten it, because the branch had not moved then.
    for (const one of checkouts)
      if (!moving.pending.of(one.gitDir)) moving.pending.save({ ...one, before: null, failed: false })
    const moved = await moveBranch(moving, wanted)
    if (moved.outcome === 'landed') await followLocked(moving, checkouts)
    return moved
  } finally {
    await unlock()
  }
}

/** The one moment at which work reaches the branch. What happened is read from the refs, not from git's words. */
async function moveBranch(moving: Moving, wanted: MoveWanted): Promise<Moved> {
  const { git, refs } = moving
  const { task, branch, from, to } = wanted
  if (await refs.read(landedRef(task))) return { outcome: 'already' }
  await refuseStrangeDrivers(git)
  const epoch = await epochOf(moving, to)
  const own = branchRef(task)
  const deletes = (await refs.read(own)) !== undefined && !isCheckedOut(git.common, refs, own)
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

/** When somebody removed all of our refs, nobody else has taken over: then it would be there again. */
export async function epochOf(moving: Moving, like: string): Promise<string> {
  const known = await moving.epoch()
  if (known === undefined || (await moving.refs.read(epochRef))) return known ?? zeros(like)
  const { out } = await moving.git.run(moving.git.bare, ['hash-object', '-w', '--stdin'], { input: `again ${known}\n` })
  const epoch = out.trim()
  await updateRefs(moving.git, [`create ${epochRef} ${epoch}`])
  moving.renewed(epoch)
  return epoch
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
export async function unland({ git, refs }: Pick<Moving, 'git' | 'refs'>, task: string): Promise<void> {
  const commit = await refs.read(landedRef(task))
  if (!commit) return
  for (let n = 1; ; n++) {
    const ref = rescueRef(task, `landed-${n}`)
    if (await refs.read(ref)) continue
    await updateRefs(git, [`create ${ref} ${commit}`, `delete ${landedRef(task)} ${commit}`])
    return
  }
}
