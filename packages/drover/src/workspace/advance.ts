import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Blocker } from '../ports/workspace.ts'
import { checkouts } from './checkouts.ts'
import { followLocked } from './follow.ts'
import { epochOf, epochRef, type Moving } from './move.ts'
import { updateRefs } from './refs.ts'
import { remoteRef } from './remote.ts'
import { writeWhole } from './small-files.ts'
import { lockIndexes } from './user-index.ts'

/**
 * The person's own branch comes along to where the remote's is, with its checkouts: as `git pull --ff-only` would, and only where that
 * changes nothing of theirs. One that has commits of its own, or an edited file in the way, stays where it is.
 */
export async function advance(moving: Moving & { runFolder: string }, branch: string): Promise<Blocker[]> {
  const blockers = await comeAlong(moving, branch)
  await noteApart(moving, branch)
  return blockers
}

async function comeAlong(moving: Moving, branch: string): Promise<Blocker[]> {
  const { git, refs, pending } = moving
  const [from, to] = [await refs.read(`refs/heads/${branch}`), await refs.read(remoteRef(branch))]
  if (!from || !to || from === to || !(await isWithin(moving, from, to))) return []
  const { moves, blockers } = await checkouts(moving, { branch, from, to })
  if (blockers.length > 0) return blockers
  const unlock = await lockIndexes(git, moves)
  if (!unlock) return []
  try {
    for (const one of moves) if (!pending.of(one.gitDir)) pending.save({ ...one, before: null, failed: false })
    const lines = [`verify ${epochRef} ${await epochOf(moving, to)}`, `update refs/heads/${branch} ${to} ${from}`]
    // A commit of theirs came between: then it is no longer only behind.
    const { code } = await updateRefs(git, lines, [128])
    return code === 0 ? await followLocked(moving, moves) : []
  } finally {
    await unlock()
  }
}

async function isWithin({ git }: Moving, commit: string, later: string): Promise<boolean> {
  return (await git.run(git.bare, ['merge-base', '--is-ancestor', commit, later], { also: [1, 128] })).code === 0
}

/** In a small file, so that `status` can say it without asking git. */
async function noteApart(to: Moving & { runFolder: string }, branch: string): Promise<void> {
  const file = join(to.runFolder, 'remote-apart')
  const stands = await apart(to, branch)
  const own = await to.refs.read(`refs/heads/${branch}`)
  if (stands) writeWhole(file, JSON.stringify({ branch, own, ...stands }))
  else rmSync(file, { force: true })
}

/** How the person's own branch stands to the remote's; nothing where they are the same. */
export async function apart(
  { git, refs }: Moving,
  branch: string,
): Promise<{ remote: string; ahead: number; behind: number } | undefined> {
  const [own, there] = [await refs.read(`refs/heads/${branch}`), await refs.read(remoteRef(branch))]
  if (!own || !there || own === there) return undefined
  const { out } = await git.run(git.bare, ['rev-list', '--left-right', '--count', `${own}...${there}`, '--'])
  const [ahead = 0, behind = 0] = out.trim().split('\t').map(Number)
  return { remote: (await git.drivers.remote()).name, ahead, behind }
}
