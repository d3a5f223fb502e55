import type { Job, Step } from '../../ports/durable.ts'
import type { Moved, Workspace } from '../../ports/workspace.ts'
import { buildMerge, type Built } from '../build-merge.ts'
import type { Crew } from '../crew.ts'
import { isAway, untilThere } from './until-there.ts'

/** On the branch as it is now. Until the remote says where that is, there is nothing to land on. */
export async function mergeOnTip(crew: Crew, job: Job, step: Step): Promise<Built> {
  const { signal } = step
  const ask = () => crew.workspace.refresh(crew.here.target, job.task, signal)
  if (isAway(await untilThere(crew, job.task, signal, ask))) step.endIfStopping()
  // A person took it out of the lane meanwhile, and that is found here.
  return buildMerge(crew, job)
}

/** Until its fate is known: what a remote that went away did with it is found out by saying it again. */
export async function moveBranch(crew: Crew, wanted: Parameters<Workspace['move']>[0], step: Step): Promise<Moved> {
  const moved = await untilThere(crew, wanted.task, step.signal, () => crew.workspace.move(wanted))
  if (isAway(moved)) step.endIfStopping()
  return moved
}

export const notTaken = (branch: string, words: string, id: string): string =>
  `the remote does not take it on ${branch}: ${words}; once it may, \`drover resolve ${id}\``
