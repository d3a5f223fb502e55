import type { Question } from '../../domain/rows.ts'
import type { Reading } from '../../ports/reading.ts'

/**
 * What the agent of this attempt waits to be told. A question belongs to its attempt: what a later one does not ask is nobody's any more. But
 * an attempt that was cut short goes on in the next, in the same memory, and so does what it asked.
 */
export async function askedIn(
  reading: Reading,
  { task, owner, attempt }: { task: string; owner: string; attempt: number },
): Promise<Question[]> {
  const open = await reading.questions({ task, open: true })
  if (open.every((question) => question.attempt === attempt)) return open
  const since = task === owner ? await begun(reading, task, attempt) : attempt
  return open.filter((question) => question.attempt >= since && question.attempt <= attempt)
}

/** The first of the attempts that are one memory up to this one, each of them cut short. */
async function begun(reading: Reading, task: string, attempt: number): Promise<number> {
  const attempts = await reading.attempts(task)
  const isCutShort = await cutShort(reading, task)
  const sessionOf = (n: number) => attempts.find((one) => one.attempt === n)?.session ?? null
  let first = attempt
  while (
    first > 1 &&
    isCutShort(first - 1) &&
    sessionOf(first - 1) !== null &&
    sessionOf(first - 1) === sessionOf(first)
  )
    first -= 1
  return first
}

async function cutShort(reading: Reading, task: string): Promise<(attempt: number) => boolean> {
  const ends = await reading.events(0, { task, types: ['task.paused', 'task.retried'] }, 500)
  const cut = ends.filter(
    (event) => event.type === 'task.paused' || (event.type === 'task.retried' && !event.data.counts),
  )
  const attempts = new Set(cut.map(({ attempt }) => attempt))
  return (attempt) => attempts.has(attempt)
}
