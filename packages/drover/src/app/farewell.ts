import type { Facts, NewEvent } from '../domain/event.ts'
import { isPassing } from '../domain/ledger-trouble.ts'
import type { Standing } from '../domain/summary.ts'
import type { Crew } from '../flow/crew.ts'
import type { Claim, Speaker } from '../ports/ledger.ts'

export interface RunEnd extends Numbers {
  stopped: boolean
  /** The last that the ledger had been told when the run was over: what came later is not its own. */
  seq: number
}

type Numbers = Facts['run.finished']

interface Wanted {
  epic: string | null
  lastedMs(): number
  by(): Speaker
}

/** How a run says that it is over: by itself when nothing can go on, or because somebody stops it. Once. */
export function openFarewell({ ledger, reading, here }: Crew, { epic, lastedMs, by }: Wanted) {
  let said: RunEnd | undefined
  const words = (numbers: Numbers): NewEvent[] => [
    { type: 'run.finished', data: numbers },
    { type: 'machine.left', data: { machine: here.machine } },
  ]
  const now = async (stopped: boolean): Promise<RunEnd> => {
    const numbers = numbersOf(await reading.standing(epic ?? undefined), lastedMs())
    await ledger.append(words(numbers), by()).catch(unlessPassing)
    return { ...numbers, stopped, seq: await reading.lastSeq() }
  }
  return {
    /** False when there is something to do after all: then nothing was said. */
    async ifNothingIsLeft(claim: Claim): Promise<boolean> {
      let numbers: Numbers | undefined
      const last = (standing: Standing) => words((numbers = numbersOf(standing, lastedMs())))
      const events = await ledger.endRun(claim, last, by()).catch(unlessPassing)
      // Where nothing can be written nothing can be added either.
      if (events === undefined) said = await now(false)
      else if (events !== 'not yet') said = { ...numbers!, stopped: false, seq: events.at(-1)!.seq }
      return said !== undefined
    },
    async say(stopped: boolean): Promise<RunEnd> {
      return (said ??= await now(stopped))
    },
  }
}

const numbersOf = ({ counts }: Standing, durationMs: number): Numbers => ({
  completed: counts.completed,
  failed: counts.failed,
  blocked: counts.blocked + counts.paused,
  cancelled: counts.cancelled,
  durationMs,
})

/** It is worth saying only while there is room to write it down. */
function unlessPassing(error: unknown): undefined {
  if (!isPassing(error)) throw error
}
