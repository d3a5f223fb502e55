import type { Event } from '../../domain/event.ts'
import type { Task } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import { hinted } from './hint.ts'
import { on, type Ports, say } from './say.ts'

/** A paused task goes on where it was, with a hint if there is one. */
export function resume({ ledger, clock }: Ports, wish: { task: Task; hint: string }, by: Speaker): Promise<Event[]> {
  const { task, hint } = wish
  return say(
    ledger,
    [...hinted(task, hint, clock), { type: 'task.resumed', ...on(task), data: { note: hint, resets: false } }],
    by,
    'resume',
  )
}
