import { untilTime } from '../app/local-time.ts'
import type { Clock } from '../ports/clock.ts'
import { escaped } from './escape.ts'
import type { Print } from './print.ts'

/** What whoever drives says on stderr when it cannot go on at once. */
export const troubles = (print: Pick<Print, 'note'>, clock: Pick<Clock, 'now'>) => ({
  onWait: (until: number | null, why: string): void =>
    print.note(
      until === null ? `Waiting: ${escaped(why)}.` : `Waiting until ${untilTime(until, clock.now())}: ${escaped(why)}.`,
    ),
  onTrouble: (job: string, problem: string): void =>
    print.note(`${escaped(job)} broke and is begun again in a moment: ${escaped(problem)}`),
})
