import type { Task } from '../../domain/task.ts'
import type { Reading } from '../../ports/reading.ts'

/** The tasks that stand for a task that was split; nothing for any other. */
export async function splitInto(reading: Reading, task: Pick<Task, 'id' | 'status'>): Promise<string[]> {
  if (task.status !== 'decomposed') return []
  const last = (await reading.events(0, { task: task.id, types: ['task.decomposed'] }, 500)).at(-1)
  return last?.type === 'task.decomposed' ? last.data.into : []
}
