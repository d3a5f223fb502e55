import type { AgentState } from '../ports/system.ts'
import type { Crew } from './crew.ts'
import { stopped } from './who-stopped.ts'
import type { Ran, Work } from './work.ts'

/** Until when it may take, by a clock that nobody sets. What it worked before this daemon came counts. */
export async function deadlineOf(
  crew: Crew,
  work: Work,
  { timeoutMs, found }: { timeoutMs: number; found: AgentState },
): Promise<number> {
  return crew.clock.ticks() + timeoutMs - Math.min(await ageOf(crew, work, found), timeoutMs)
}

/** How long it has been at work already, when it is adopted. */
async function ageOf(crew: Crew, work: Work, found: AgentState): Promise<number> {
  if (found.state !== 'alive') return 0
  if (found.ageMs !== null) return found.ageMs
  const { startedAt } = (await crew.reading.attempt(work.owner, work.attempt)) ?? {}
  return startedAt == null ? 0 : Math.max(0, crew.clock.now() - startedAt)
}

export const tooLate = (limitMs: number): Ran =>
  stopped('timeout', `the attempt took longer than ${Math.round(limitMs / 1000)} s`)
export const tooQuiet = (limitMs: number): Ran =>
  stopped('stalled', `the agent said nothing for ${Math.round(limitMs / 1000)} s`)
