import type { Event } from '../domain/event.ts'
import type { Reading } from '../ports/reading.ts'
import type { Work } from './work.ts'

export type Hint = Awaited<ReturnType<Reading['pendingHints']>>[number]
type Hinting = Event & { type: 'task.hinted' | 'task.hint_delivered' }

/** What waits to be told, in the order in which it was said: several may have come in the same millisecond. */
export async function waitingHints(reading: Reading, task: string): Promise<Hint[]> {
  const waiting = await reading.pendingHints(task)
  if (waiting.length < 2) return waiting
  const order = given(await hinting(reading, task)).map(({ hint }) => hint)
  return waiting.toSorted((one, other) => order.indexOf(one.id) - order.indexOf(other.id))
}

/** All that people have said to it: a new memory knows nothing of what an earlier one was told. */
export async function everyHint(reading: Reading, task: string): Promise<string[]> {
  return given(await hinting(reading, task)).map(({ text }) => text)
}

/** What its session cannot know yet. Words that were written for a start of this attempt which never came are told again. */
export async function hintsSince(
  reading: Reading,
  { task, attempt }: Pick<Work, 'task' | 'attempt'>,
): Promise<string[]> {
  const events = await hinting(reading, task)
  const told = new Set(
    events.flatMap((event) =>
      event.type === 'task.hint_delivered' && event.attempt !== attempt ? [event.data.hint] : [],
    ),
  )
  return given(events).flatMap(({ hint, text }) => (told.has(hint) ? [] : [text]))
}

async function hinting(reading: Reading, task: string): Promise<Hinting[]> {
  const found: Event[] = []
  for (let after = 0; ; after = found.at(-1)!.seq) {
    const page = await reading.events(after, { task, types: ['task.hinted', 'task.hint_delivered'] }, 500)
    found.push(...page)
    if (page.length < 500) return found as Hinting[]
  }
}

const given = (events: readonly Hinting[]) =>
  events.flatMap((event) => (event.type === 'task.hinted' ? [event.data] : []))
