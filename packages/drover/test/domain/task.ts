import { plainWords } from '../../src/domain/draft.ts'
import type { Event } from '../../src/domain/event.ts'
import { born } from '../../src/domain/evolve.ts'
import type { Task } from '../../src/domain/task.ts'
import { created } from '../support/drafts.ts'

/** A task as it is when nothing has happened yet, with what the test is about. */
export function taskWith(changes: Partial<Task>): Task {
  const event = {
    ...created(changes.id ?? 'task-a'),
    seq: 1,
    key: 'k',
    at: 0,
    machine: null,
    slot: null,
    actor: 'person:Ada',
  } as Event & { type: 'task.created' }
  return { ...born(event, 0), ...plainWords, title: 'A task', ...changes }
}
