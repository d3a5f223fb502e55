import { DroverError } from '../../domain/error.ts'
import type { Event } from '../../domain/event.ts'
import { isAtWork, type Task } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import type { Reading } from '../../ports/reading.ts'
import { refuseCircle } from './circle.ts'
import { resolveTask } from './resolve-task.ts'
import { impossible, on, type Ports, say } from './say.ts'

/** Makes a task wait for others, or stop waiting for them. What is already so is left out. */
export async function changeNeeds(
  ports: Ports,
  wish: { task: Task; add: string[]; remove: string[] },
  by: Speaker,
): Promise<Event[]> {
  const { task } = wish
  refuseAtWork(task, 'need')
  refuseNeedsOfSubtask(task.kind === 'subtask', wish.add)
  const now = (await ports.reading.needsOf(task.id)).map(({ id }) => id)
  const addNeeds = (await needed(ports.reading, wish.add)).filter((id) => !now.includes(id))
  const removeNeeds = (await needed(ports.reading, wish.remove)).filter((id) => now.includes(id))
  if (addNeeds.length > 0) await refuseCircle(ports.reading, task.id, addNeeds)
  if (addNeeds.length + removeNeeds.length === 0) return []
  return say(
    ports.ledger,
    [{ type: 'task.edited', ...on(task), data: { words: {}, addNeeds, removeNeeds } }],
    by,
    'need',
  )
}

/** The ids that words mean, each once. */
export async function needed(reading: Reading, words: readonly string[]): Promise<string[]> {
  const ids = new Set<string>()
  for (const word of words) ids.add((await resolveTask(reading, word)).id)
  return [...ids]
}

export function refuseAtWork(task: Task, verb: string): void {
  if (isAtWork(task) || task.status === 'landing') throw impossible(task, verb)
}

export function refuseNeedsOfSubtask(isSubtask: boolean, needs: readonly string[]): void {
  if (isSubtask && needs.length > 0)
    throw new DroverError('usage', {
      problem: 'a sub-task runs in its parent’s order: give the need to the parent',
      command: 'need',
    })
}
