import type { Project } from '../app/open-project.ts'
import type { Event } from '../domain/event.ts'
import type { EventFilter } from '../ports/reading.ts'

interface Follow {
  after: number
  filter?: EventFilter
  /** How long one may wait without news before it is told that there is none. */
  everyMs?: number
  /** Ends such a wait early. */
  wake?: AbortSignal
}

/** Events from a cursor on, page after page, and an empty page when it was quiet for a while; ends with the signal. */
export async function* follow(
  { ledger, reading }: Pick<Project, 'ledger' | 'reading'>,
  { after, filter = {}, everyMs = 1000, wake }: Follow,
  signal: AbortSignal,
): AsyncGenerator<readonly Event[]> {
  const bell = ledger.bell()
  for (let cursor = after; !signal.aborted;) {
    const page = await reading.events(cursor, filter, 500)
    cursor = page.at(-1)?.seq ?? cursor
    yield page
    if (page.length === 0) await bell(everyMs, wake ?? signal)
  }
}
