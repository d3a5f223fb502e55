import type { Crew } from '../crew.ts'

/** What the remote holds of tasks that nobody will go on with. Those that landed took theirs away with them. */
export const tidyRemote = ({ workspace, reading }: Crew, signal: AbortSignal): Promise<void> =>
  workspace.unshare(async (id) => {
    const task = await reading.task(id)
    return task?.status === 'completed' || task?.status === 'cancelled'
  }, signal)
