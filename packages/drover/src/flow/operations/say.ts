import { DroverError } from '../../domain/error.ts'
import type { Event, NewEvent } from '../../domain/event.ts'
import type { Task } from '../../domain/task.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Ledger, Speaker } from '../../ports/ledger.ts'
import type { Reading } from '../../ports/reading.ts'
import { possible } from './possible.ts'

/** What an operation stands on. */
export interface Ports {
  ledger: Ledger
  reading: Reading
  clock: Clock
}

/** Writes what a person says of one task; what cannot happen now becomes an error that names what can. */
export async function say(
  ledger: Pick<Ledger, 'append'>,
  events: readonly NewEvent[],
  by: Speaker,
  verb: string,
): Promise<Event[]> {
  const appended = await ledger.append(events, by)
  if (appended.outcome === 'impossible') throw impossible(appended.task, verb)
  if (appended.outcome === 'landing')
    throw new DroverError('busy', { task: appended.task.id, why: 'its landing is moving the branch at this moment' })
  if (appended.outcome === 'stale')
    throw new DroverError('busy', { task: events[0]?.task ?? verb, why: 'it has just moved on' })
  return appended.events
}

export function impossible(task: Task, verb: string): DroverError {
  const status = task.blockedReason ? `${task.status} (${task.blockedReason})` : task.status
  return new DroverError('impossible-move', { task: task.id, status, event: `"${verb}"`, can: possible(task) })
}

/** The task an event is about, and the attempt it speaks for. */
export const on = (task: Task): { task: string; attempt?: number } =>
  task.attempt > 0 ? { task: task.id, attempt: task.attempt } : { task: task.id }

/** Sub-tasks are part of their parent's attempt: what ends or begins one is said of the parent. */
export function refuseSubtask(task: Task, verb: string): void {
  if (task.kind === 'subtask')
    throw new DroverError('on-the-parent', { id: task.id, parent: task.parentId ?? '', verb })
}

export const emailOf = (by: Speaker): string | null => (by.kind === 'person' ? by.email : null)
