import type { NewEvent } from '../../domain/event.ts'
import { isOver, type Task } from '../../domain/task.ts'
import type { Reading } from '../../ports/reading.ts'
import { family } from './family.ts'
import { on } from './say.ts'

/** Begins again what was over, with the sub-tasks that ended with it: those that had not passed, or all if it is done anew. */
export async function reopening(
  reading: Reading,
  task: Task,
  again: { fresh: boolean; note: string },
): Promise<NewEvent[]> {
  const anew = again.fresh || task.status === 'completed'
  const ended = (await family(reading, task)).filter(
    (one) => isOver(one) && (one.id === task.id || anew || one.status !== 'completed'),
  )
  return ended.map((one) => ({ type: 'task.reopened', ...on(one), data: again }))
}
