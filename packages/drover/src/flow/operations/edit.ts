import { DroverError } from '../../domain/error.ts'
import type { Event } from '../../domain/event.ts'
import type { Task, TaskWords } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import { refuseCircle } from './circle.ts'
import { needed, refuseAtWork, refuseNeedsOfSubtask } from './need.ts'
import { on, type Ports, say } from './say.ts'

export interface Edit {
  task: Task
  words: Partial<TaskWords>
  /** All that it needs from now on; nothing leaves its needs as they are. */
  needs: readonly string[] | undefined
}

/** Changes what is said of a task that is not at work. */
export async function edit({ ledger, reading }: Ports, { task, words, needs }: Edit, by: Speaker): Promise<Event[]> {
  refuseAtWork(task, 'edit')
  if (Object.keys(words).length === 0 && needs === undefined)
    throw new DroverError('usage', { problem: 'there is nothing to change: name at least one option', command: 'edit' })
  refuseNeedsOfSubtask(task.kind === 'subtask', needs ?? [])
  const before = (await reading.needsOf(task.id)).map(({ id }) => id)
  const after = needs === undefined ? before : await needed(reading, needs)
  const addNeeds = after.filter((id) => !before.includes(id))
  const removeNeeds = before.filter((id) => !after.includes(id))
  if (addNeeds.length > 0) await refuseCircle(reading, task.id, addNeeds)
  return say(ledger, [{ type: 'task.edited', ...on(task), data: { words, addNeeds, removeNeeds } }], by, 'edit')
}
