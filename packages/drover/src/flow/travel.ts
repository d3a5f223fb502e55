import type { Away } from '../ports/workspace.ts'
import type { Crew } from './crew.ts'

/** The longest wait between two tries. */
const longestMs = 30_000

/**
 * Asks until the remote answers, later and later: that it is away is nobody's failure. The last answer, when nobody waits any more.
 * What asks is told how long it may take, once it is to end.
 */
export async function untilThere<T>(
  { clock, here }: Pick<Crew, 'clock' | 'here'>,
  about: string,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  for (let n = 0; ; n++) {
    const answer = await ask()
    if (!isAway(answer) || signal.aborted) return answer
    here.log('warn', `${about} waits for the remote: ${answer.away}`)
    await clock.sleep(Math.min(500 * 2 ** n, longestMs), signal)
    if (signal.aborted) return answer
  }
}

export const isAway = (answer: unknown): answer is Away =>
  typeof answer === 'object' && answer !== null && 'away' in answer
