import { makeId } from '../../domain/id.ts'
import type { Question } from '../../domain/rows.ts'
import { type Ports, say } from './say.ts'
import { atWork, refuseCommand, type Agent } from './spawn.ts'

export interface Asking {
  text: string
  options: readonly string[]
  /** When the answer is wanted. It is never given on a person's behalf. */
  deadline: number | null
}

/** A question for a person. The same one again is answered by what was said then, or goes on waiting. */
export async function ask({ ledger, reading, clock }: Ports, asking: Asking, by: Agent): Promise<Question | undefined> {
  await atWork(reading, by)
  await refuseCommand(reading, by)
  const before = (await reading.questions({ task: by.task })).filter(({ text }) => text === asking.text)
  const answered = before.findLast(({ answer }) => answer !== null)
  if (answered) return answered
  if (before.some(({ attempt }) => attempt === by.attempt)) return undefined
  const { text, options, deadline } = asking
  const data = { question: makeId('question', clock.bytes(8)), text, options: [...options], deadline }
  await say(ledger, [{ type: 'task.asked', task: by.task, attempt: by.attempt, data }], by, 'ask_human')
  return undefined
}
