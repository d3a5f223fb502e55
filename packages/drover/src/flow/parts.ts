import { isAtWork, type Task } from '../domain/task.ts'
import type { Reading } from '../ports/reading.ts'

/** Sub-tasks in the order they run: depth first, a sub-task's own parts before itself. */
export async function partsOf(reading: Reading, parent: string): Promise<Task[]> {
  const parts: Task[] = []
  for (const part of await reading.subtasks(parent)) parts.push(...(await partsOf(reading, part.id)), part)
  return parts
}

/** The first of them that has yet to pass: its turn is next, or somebody has set it aside. */
export const openPart = (parts: readonly Task[]): Task | undefined =>
  parts.find(({ status }) => status === 'ready' || status === 'in_progress' || status === 'paused')

/** Those that passed and land with their parent. */
export const passedParts = async (reading: Reading, parent: string): Promise<Task[]> =>
  (await partsOf(reading, parent)).filter(({ status }) => status === 'landing')

export const partsAtWork = async (reading: Reading, parent: string): Promise<Task[]> =>
  (await partsOf(reading, parent)).filter(isAtWork)
