import { isAtWork } from '../domain/task.ts'
import type { Crew } from './crew.ts'
import type { Work } from './work.ts'

/** What was aborted: by a person who moved the task on, or by drover's own stop. */
export async function whoStopped(
  { reading }: Pick<Crew, 'reading'>,
  { owner, attempt }: Pick<Work, 'owner' | 'attempt'>,
): Promise<{ end: 'interrupted' | 'moved on'; words: string }> {
  const task = await reading.task(owner)
  const isOurs = task !== undefined && isAtWork(task) && task.attempt === attempt
  return isOurs ? { end: 'interrupted', words: 'drover was stopped' } : { end: 'moved on', words: '' }
}
