import type { Event, NewEvent } from '../../domain/event.ts'
import type { Task } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import { canRetry } from './possible.ts'
import { reopening } from './reopen.ts'
import { impossible, on, type Ports, refuseSubtask, say } from './say.ts'

/** Tries a task again with all its attempts; `force` starts from the tip, and does so with completed work too. */
export async function retry(
  { ledger, reading }: Ports,
  wish: { task: Task; force: boolean; note: string },
  by: Speaker,
): Promise<Event[]> {
  const { task, force, note } = wish
  refuseSubtask(task, 'retry')
  if (!canRetry(task) && !(force && task.status === 'completed'))
    throw impossible(task, force ? 'retry --force' : 'retry')
  const events =
    task.status === 'blocked' ? [unblocked(task, force, note)] : await reopening(reading, task, { fresh: force, note })
  return say(ledger, events, by, 'retry')
}

export const unblocked = (task: Task, fresh: boolean, note: string): NewEvent => ({
  type: 'task.unblocked',
  ...on(task),
  data: { how: 'retry', note, resets: true, fresh },
})
