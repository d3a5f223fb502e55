import type { Event, Facts } from '../../domain/event.ts'
import type { Task } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import { canLand, canLandAgain } from './possible.ts'
import { impossible, on, type Ports, refuseSubtask, say } from './say.ts'

/** Lets work that waits for a person, or for a checkout, into the landing lane. */
export async function land({ ledger }: Ports, task: Task, by: Speaker): Promise<Event[]> {
  refuseSubtask(task, 'land')
  if (!canLand(task)) throw impossible(task, 'land')
  return say(ledger, [lifted(task, task.blockedReason === 'review' ? 'approved' : 'checkout')], by, 'land')
}

/** Tries a refused landing once more, without an agent. */
export async function landAgain({ ledger }: Ports, task: Task, by: Speaker): Promise<Event[]> {
  refuseSubtask(task, 'land retry')
  if (!canLandAgain(task)) throw impossible(task, 'land retry')
  return say(ledger, [lifted(task, 'land')], by, 'land retry')
}

const lifted = (task: Task, how: Facts['task.unblocked']['how']) =>
  ({ type: 'task.unblocked', ...on(task), data: { how, note: '', resets: false, fresh: false } }) as const
