import type { Event, NewEvent } from '../../domain/event.ts'
import { makeId } from '../../domain/id.ts'
import type { Task } from '../../domain/task.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Speaker } from '../../ports/ledger.ts'
import { impossible, on, type Ports, say } from './say.ts'

/** Words for the task's next prompt. Where no attempt will read them, that is said at once. */
export async function hint(
  { ledger, clock }: Ports,
  wish: { task: Task; text: string },
  by: Speaker,
): Promise<Event[]> {
  const { task, text } = wish
  if (task.status === 'completed' || task.status === 'decomposed') throw impossible(task, 'hint')
  return say(ledger, hinted(task, text, clock), by, 'hint')
}

/** The event of a hint; none when there are no words. */
export function hinted(task: Task, text: string, clock: Clock): NewEvent[] {
  if (text.trim() === '') return []
  return [{ type: 'task.hinted', ...on(task), data: { hint: makeId('hint', clock.bytes(8)), text: text.trim() } }]
}
