import type { Task } from '../../domain/task.ts'
import type { Reading } from '../../ports/reading.ts'

/** A task's sub-tasks, the deepest first, and then the task itself. */
export async function family(reading: Reading, task: Task): Promise<Task[]> {
  const below: Task[] = []
  for (const subtask of await reading.subtasks(task.id)) below.push(...(await family(reading, subtask)))
  return [...below, task]
}
