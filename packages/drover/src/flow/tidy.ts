import { isOver } from '../domain/task.ts'
import type { Crew } from './crew.ts'

/** Frees worktrees of tasks that were over before anybody could: cancelled while they rested, or ended by a crash. */
export async function tidy(crew: Crew): Promise<void> {
  const living = new Set((await crew.runtime.living()).map((job) => job.task))
  for (const { task } of await crew.workspace.worktrees()) {
    if (task === null || living.has(task)) continue
    const owner = await crew.reading.task(task)
    if (owner && isOver(owner)) await crew.workspace.release(task)
  }
}

/** What the remote holds of tasks that nobody will go on with. Those that landed took theirs away with them. */
export const tidyRemote = ({ workspace, reading }: Crew, signal: AbortSignal): Promise<void> =>
  workspace.unshare(async (id) => {
    const task = await reading.task(id)
    return task?.status === 'completed' || task?.status === 'cancelled'
  }, signal)
