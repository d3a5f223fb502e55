import type { Event, NewEvent } from '../../domain/event.ts'
import { type Task, type TaskStatus } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import type { Reading } from '../../ports/reading.ts'
import { reopening } from './reopen.ts'
import { impossible, on, type Ports, say } from './say.ts'
import { unblocked } from './retry.ts'

const resting: readonly TaskStatus[] = ['ready', 'blocked', 'paused', 'failed', 'cancelled']

const waits = (task: Task): boolean => task.status === 'ready' || task.blockedReason === 'needs'

/** The tasks that a reset without ids means: all that neither work nor are done, or those of the given statuses. */
export async function resettable(reading: Reading, statuses: readonly TaskStatus[]): Promise<Task[]> {
  const tasks = await reading.tasks({ statuses: statuses.length > 0 ? statuses : resting })
  return tasks.filter((task) => task.kind !== 'subtask' && (!waits(task) || task.attempts > 0))
}

/** Puts tasks back to where they wait to be worked on, all their attempts before them. */
export async function reset({ ledger, reading }: Ports, tasks: readonly Task[], by: Speaker): Promise<Event[]> {
  const events: NewEvent[] = []
  for (const task of tasks) events.push(...(await backToRest(reading, task)))
  return events.length === 0 ? [] : say(ledger, events, by, 'reset')
}

async function backToRest(reading: Reading, task: Task): Promise<NewEvent[]> {
  if (task.status === 'ready')
    return task.attempts === 0 ? [] : [{ type: 'task.reopened', ...on(task), data: { fresh: false, note: '' } }]
  if (task.status === 'blocked') return [unblocked(task, false, '')]
  if (task.status === 'paused') return [{ type: 'task.resumed', ...on(task), data: { note: '', resets: true } }]
  if (task.kind === 'subtask' || !['completed', 'failed', 'cancelled'].includes(task.status))
    throw impossible(task, 'reset')
  return reopening(reading, task, { fresh: false, note: '' })
}
