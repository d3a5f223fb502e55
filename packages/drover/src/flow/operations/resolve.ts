import type { Event, Facts, NewEvent } from '../../domain/event.ts'
import { isMet } from '../../domain/needs.ts'
import type { Task } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import { answer, openQuestions } from './answer.ts'
import { hinted } from './hint.ts'
import { canResolve } from './possible.ts'
import { impossible, on, type Ports, say } from './say.ts'

/** Lifts what a task waits for; what that means depends on why it waits. */
export async function resolve(ports: Ports, wish: { task: Task; note: string }, by: Speaker): Promise<Event[]> {
  if (!canResolve(wish.task)) throw impossible(wish.task, 'resolve')
  const asks = wish.task.blockedReason === 'question' && (await openQuestions(ports.reading, wish.task)).length > 0
  if (asks) return (await answer(ports, { task: wish.task, text: wish.note }, by)).events
  return say(ports.ledger, await answers(ports, wish.task, wish.note), by, 'resolve')
}

async function answers({ reading, clock }: Ports, task: Task, note: string): Promise<NewEvent[]> {
  const lifted = (how: Facts['task.unblocked']['how'], resets: boolean): NewEvent => ({
    type: 'task.unblocked',
    ...on(task),
    data: { how, note, resets, fresh: false },
  })
  switch (task.blockedReason) {
    case 'needs': {
      const open = (await reading.needsOf(task.id)).filter((need) => !isMet(need))
      return [
        { type: 'task.edited', ...on(task), data: { words: {}, addNeeds: [], removeNeeds: open.map(({ id }) => id) } },
      ]
    }
    case 'review':
      return [...hinted(task, note, clock), lifted('approved', false)]
    case 'attempts':
      return [...hinted(task, note, clock), lifted('retry', true)]
    default: {
      // Neither an answer nor more money makes what was tried undone.
      const resets = task.blockedReason !== 'question' && task.blockedReason !== 'budget'
      return [...hinted(task, note, clock), lifted('resolved', resets)]
    }
  }
}
