import type { Event } from '../domain/event.ts'
import { jobId } from '../domain/id.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { EventFilter, Reading } from '../ports/reading.ts'
import type { Crew } from './crew.ts'

const page = 500

interface Followed {
  ledger: Ledger
  reading: Reading
  /** Waits a moment after the bell, so that what happens close together is read together. */
  gather?: (signal: AbortSignal) => Promise<void>
}

/** The ledger from a cursor, in order and without a gap, until the signal. Everything that follows the ledger uses this. */
export async function* follow(
  { ledger, reading, gather }: Followed,
  after: number,
  filter: EventFilter,
  signal: AbortSignal,
): AsyncGenerator<Event[]> {
  const bell = ledger.bell()
  for (let cursor = after; !signal.aborted;) {
    const upTo = await reading.lastSeq()
    if (upTo <= cursor) {
      await bell(60_000, signal)
      await gather?.(signal)
      continue
    }
    const events = await reading.events(cursor, { ...filter, upTo }, page)
    // Behind all that was looked at, also when nothing was meant for us: the next look begins there.
    cursor = events.length === page ? events.at(-1)!.seq : upTo
    if (events.length > 0) yield events
  }
}

/** Nobody notices so little, and while much happens it is read together. */
const gatherMs = 15

/** A person who pauses, cancels or hints is heard at once by the attempt that runs here. */
export async function heed(
  { ledger, reading, clock, runtime, steering }: Pick<Crew, 'ledger' | 'reading' | 'clock' | 'runtime' | 'steering'>,
  signal: AbortSignal,
): Promise<void> {
  const types = ['task.paused', 'task.cancelled', 'task.hinted'] as const
  const gather = (until: AbortSignal): Promise<void> => clock.sleep(gatherMs, until)
  for await (const events of follow({ ledger, reading, gather }, await reading.lastSeq(), { types }, signal))
    for (const { type, task, attempt } of events) {
      if (task === undefined) continue
      if (type === 'task.hinted') steering.call(task)
      else if (attempt !== undefined) runtime.cancel(jobId(task, attempt))
    }
}
