import type { Event } from '../../domain/event.ts'
import type { Task } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import { on, type Ports, say } from './say.ts'

/** Sets a task aside; an agent at work on it stops at its next safe point. */
export function pause({ ledger }: Ports, wish: { task: Task; reason: string }, by: Speaker): Promise<Event[]> {
  return say(ledger, [{ type: 'task.paused', ...on(wish.task), data: { reason: wish.reason } }], by, 'pause')
}
