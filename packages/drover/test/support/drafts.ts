import { plainWords } from '../../src/domain/draft.ts'
import type { NewEvent, NewTask } from '../../src/domain/event.ts'
import type { Hand } from '../../src/domain/hand.ts'
import type { TaskWords } from '../../src/domain/task.ts'
import type { Speaker } from '../../src/ports/ledger.ts'

let requests = 0

export const person = (request = `request-${++requests}`): Speaker => ({
  kind: 'person',
  name: 'Ada',
  email: 'ada@example.test',
  request,
})

export function created(id: string, words: Partial<TaskWords> = {}, about: Partial<NewTask> = {}): NewEvent {
  const task: NewTask = {
    words: { ...plainWords, title: id, run: 'true', ...words },
    kind: 'task',
    parentId: null,
    sequence: null,
    needs: [],
    status: 'ready',
    imported: false,
    email: null,
    createdAt: null,
    ...about,
  }
  return { type: 'task.created', task: id, data: task }
}

/** An agent that can work, with its accounts. */
export const hand = (agent = 'claude', more: Partial<Hand> = {}): Hand => ({
  agent,
  accounts: [agent],
  picked: null,
  fallback: null,
  anytime: false,
  tellsCost: true,
  ...more,
})
