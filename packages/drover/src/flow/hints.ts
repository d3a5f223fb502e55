import type { Event } from '../domain/event.ts'
import type { Reading } from '../ports/reading.ts'
import type { Crew } from './crew.ts'
import type { Work } from './work.ts'

export type Hint = Awaited<ReturnType<Reading['pendingHints']>>[number]
/** Words of a person, and the id they go by. */
export interface Given {
  hint: string
  text: string
}
type Hinting = Event & { type: 'task.hinted' | 'task.hint_delivered' }

/** What waits to be told, in the order in which it was said: several may have come in the same millisecond. */
export async function waitingHints(reading: Reading, task: string): Promise<Hint[]> {
  const waiting = await reading.pendingHints(task)
  if (waiting.length < 2) return waiting
  const order = given(await hinting(reading, task)).map(({ hint }) => hint)
  return waiting.toSorted((one, other) => order.indexOf(one.id) - order.indexOf(other.id))
}

/** All that people have said to it: a new memory knows nothing of what an earlier one was told. */
export async function everyHint(reading: Reading, task: string): Promise<Given[]> {
  return given(await hinting(reading, task))
}

/** What its session cannot know yet. Words that were written for a start of this attempt which never came are told again. */
export async function hintsSince(
  reading: Reading,
  { task, attempt }: Pick<Work, 'task' | 'attempt'>,
): Promise<Given[]> {
  const events = await hinting(reading, task)
  const told = new Set(
    events.flatMap((event) =>
      event.type === 'task.hint_delivered' && event.attempt !== attempt ? [event.data.hint] : [],
    ),
  )
  return given(events).filter(({ hint }) => !told.has(hint))
}

/** Those of them that still wait count as delivered with the words that are written now; who comes a moment later is no part of them. */
export async function toldInPrompt(
  { reading, ledger, here }: Pick<Crew, 'reading' | 'ledger'> & { here: Pick<Crew['here'], 'machine'> },
  { task, attempt }: Pick<Work, 'task' | 'attempt'>,
  hints: readonly Given[],
): Promise<void> {
  const ids = new Set(hints.map(({ hint }) => hint))
  const waiting = (await reading.pendingHints(task)).filter(({ id }) => ids.has(id))
  if (waiting.length === 0) return
  const events = waiting.map(
    ({ id }) => ({ type: 'task.hint_delivered', task, attempt, data: { hint: id, how: 'prompt' } }) as const,
  )
  const request = `${task}/${attempt}/hints/${waiting.at(-1)!.id}`
  await ledger.append(events, { kind: 'machine', name: here.machine, request })
}

async function hinting(reading: Reading, task: string): Promise<Hinting[]> {
  const found: Event[] = []
  for (let after = 0; ; after = found.at(-1)!.seq) {
    const page = await reading.events(after, { task, types: ['task.hinted', 'task.hint_delivered'] }, 500)
    found.push(...page)
    if (page.length < 500) return found as Hinting[]
  }
}

const given = (events: readonly Hinting[]): Given[] =>
  events.flatMap((event) => (event.type === 'task.hinted' ? [event.data] : []))
