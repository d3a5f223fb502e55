import type { Event, NewEvent } from '../../domain/event.ts'
import { isOver, type Task } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import type { Reading } from '../../ports/reading.ts'
import { family } from './family.ts'
import { splitInto } from './split-into.ts'
import { on, type Ports, refuseSubtask, say } from './say.ts'

/** Ends a task and its open sub-tasks for good. One that is over stays as it is: nothing to do. */
export async function cancel(
  { ledger, reading }: Ports,
  wish: { task: Task; reason: string },
  by: Speaker,
): Promise<Event[]> {
  const { task, reason } = wish
  refuseSubtask(task, 'cancel')
  if (isOver(task)) return []
  const open = (await withParts(reading, task)).filter((one) => !isOver(one))
  const cancelled = (one: Task): NewEvent => ({ type: 'task.cancelled', ...on(one), data: { reason } })
  return say(ledger, open.map(cancelled), by, 'cancel')
}

/** A task that was split is nothing but its parts: they end with it, before it. */
async function withParts(reading: Reading, task: Task): Promise<Task[]> {
  const below: Task[] = []
  for (const id of await splitInto(reading, task)) {
    const part = await reading.task(id)
    if (part) below.push(...(await withParts(reading, part)))
  }
  return [...below, ...(await family(reading, task))]
}
