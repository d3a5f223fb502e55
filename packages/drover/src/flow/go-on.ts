import type { System } from '../ports/system.ts'
import { act } from './act.ts'
import type { Crew } from './crew.ts'
import { launchProgram, sessionOf, spokenSpec } from './launch.ts'
import { hear, type Interruption, nothingHeard, type Talking } from './talking.ts'
import { markOf } from './work.ts'

/** How long an agent may take to end its turn when it is asked to. */
const graceMs = 3_000

/** The next turn of the session: said to the program while it lives, in a new one otherwise. */
export async function goOn(talking: Talking, words: string): Promise<void> {
  const { crew, folder, work, talk } = talking
  await noteInterruption(talking, null)
  const alive = (await crew.system.look(folder, markOf(crew, work))).state === 'alive'
  const lines = alive ? talk.say({ kind: 'prompt', text: words }) : undefined
  if (lines === undefined || !(await crew.system.say(folder, lines))) return relaunch(talking, words)
  talking.heard = { ...talking.heard, turn: null, limit: null, at: crew.clock.ticks() }
}

/** A new program in the same attempt: in the session, or from the beginning where there is none. */
export async function relaunch(talking: Talking, words: string | 'anew' | 'as it began'): Promise<void> {
  const { crew, work, folder } = talking
  await noteInterruption(talking, 'stop')
  await crew.system.end({ folder, mark: markOf(crew, work), graceMs: crew.settings.stop_grace })
  await hear(talking, (at, event) => (event.kind === 'reply' ? Promise.resolve() : act(at, event)))
  const task = (await crew.reading.task(work.task))!
  const chosen = { ...talking.chosen, task }
  const session = words === 'anew' ? null : sessionOf(chosen)
  await crew.system.again(folder)
  const said = words === 'as it began' ? null : words
  const opening = session === null ? ('anew' as const) : { session, words: said, isLast: talking.overBudget !== null }
  await launchProgram(crew, work, chosen, { folder, opening })
  const spec = await spokenSpec(crew, work, chosen, { folder, session })
  talking.chosen = chosen
  talking.talk = chosen.driver.talk(spec)
  talking.resumed = session !== null
  talking.offset = 0
  talking.heard = nothingHeard(crew.clock.ticks())
  await noteInterruption(talking, null)
}

/** Others may soon have this attempt: its agent ends now, without a word to a ledger that does not answer, and can be begun again. */
export async function setDown(
  { system, settings }: Pick<Crew, 'system' | 'settings'>,
  folder: string,
  mark: string,
): Promise<void> {
  await system.writeFile(fileOf(folder), 'stop')
  await system.end({ folder, mark, graceMs: Math.min(settings.stop_grace, settings.lease / 10) })
}

/** A program that was ended like this, and is spoken to by nobody, is begun anew. */
export async function takeUpAnew(system: System, folder: string): Promise<boolean> {
  if ((await interruptionIn(system, folder)) !== 'stop') return false
  await system.again(folder)
  await system.writeFile(fileOf(folder), '')
  return true
}

/** Also for a daemon that finds the end of the turn, and knows nothing else of why it came. */
export async function noteInterruption(talking: Talking, why: Interruption | null): Promise<void> {
  if (talking.interrupted === why) return
  talking.interrupted = why
  await talking.crew.system.writeFile(fileOf(talking.folder), why ?? '')
}

export async function interruptionIn(system: Pick<System, 'readFile'>, folder: string): Promise<Interruption | null> {
  const said = await system.readFile(fileOf(folder))
  return (['budget', 'limit', 'stop', 'last'] as const).find((why) => why === said) ?? null
}

/** Is there when the attempt's agent is spoken to in its driver's second way. */
export const fallbackFile = (folder: string): string => `${folder}/fallback`

const fileOf = (folder: string): string => `${folder}/interrupted`

/** Ends the turn so that the session stays whole: by a word where it understands one, or as Ctrl-C does. Waits for it, but not for ever. */
export async function interrupt(talking: Talking, why: Interruption): Promise<void> {
  const { crew, folder, work, talk, heard } = talking
  await noteInterruption(talking, why)
  const lines = talk.say({ kind: 'interrupt' })
  if (lines !== undefined) void crew.system.say(folder, lines)
  else await crew.system.interrupt(folder)
  const late = crew.clock.ticks() + graceMs
  const never = new AbortController().signal
  while (talking.heard.turn === null && crew.clock.ticks() < late) {
    const before = await crew.system.look(folder, markOf(crew, work))
    await hear(talking, act)
    if (before.state !== 'alive' || talking.heard !== heard || heard.turn !== null) return
    await crew.system.stirred(folder, late - crew.clock.ticks(), never)
  }
}
