import { isAtWork } from '../domain/task.ts'
import type { Crew } from './crew.ts'
import type { Cut, Ran, Work } from './work.ts'

/** What was aborted: by a person who moved the task on, or by drover's own stop. */
export async function whoStopped(
  { reading }: Pick<Crew, 'reading'>,
  { owner, attempt }: Pick<Work, 'owner' | 'attempt'>,
): Promise<{ end: 'interrupted' | 'moved on'; words: string }> {
  const task = await reading.task(owner)
  const isOurs = task !== undefined && isAtWork(task) && task.attempt === attempt
  return isOurs ? { end: 'interrupted', words: 'drover was stopped' } : { end: 'moved on', words: '' }
}

export const stopped = (end: Cut, words: string): Ran => ({ end, exitCode: null, signal: null, words })

export async function cutShort(crew: Pick<Crew, 'reading'>, work: Work): Promise<Ran> {
  const { end, words } = await whoStopped(crew, work)
  return stopped(end, words)
}
