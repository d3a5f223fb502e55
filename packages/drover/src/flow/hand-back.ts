import { handBackWords, overBudget } from './budget.ts'
import type { Crew } from './crew.ts'
import { goOn, interrupt, noteInterruption } from './go-on.ts'
import type { Talking } from './talking.ts'
import type { Ran, Work } from './work.ts'

/** One that has cost what it may before it begins is not begun. */
export async function spentBefore(crew: Crew, work: Work): Promise<Ran | undefined> {
  const words = await overBudget(crew, work)
  return words === undefined ? undefined : { end: 'budget', exitCode: null, signal: null, words }
}

/** Ends the turn of one that has cost what it may, and begins its last: to hand back what it has. One that is done is done. */
export async function handBack(talking: Talking): Promise<void> {
  const { overBudget: why, interrupted, heard } = talking
  if (why === null || interrupted === 'last' || heard.turn !== null) return
  await interrupt(talking, 'budget')
  await beginLast(talking, why)
}

export async function beginLast(talking: Talking, why: string): Promise<void> {
  await goOn(talking, handBackWords(why))
  await noteInterruption(talking, 'last')
}
