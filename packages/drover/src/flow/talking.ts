import type { AgentEvent, Talk, TurnEnd } from '../ports/driver.ts'
import type { Durable } from '../ports/durable.ts'
import type { Crew } from './crew.ts'
import type { TurnSharing } from './share.ts'
import type { Chosen } from './chosen.ts'
import type { Work } from './work.ts'

/** Why drover itself ended a turn; `last` is the turn to hand back, which comes after that. */
export type Interruption = 'budget' | 'limit' | 'stop' | 'last'

/** A conversation with an agent's program, as far as it has come. */
export interface Talking {
  readonly crew: Crew
  readonly durable: Durable
  readonly work: Work
  readonly folder: string
  chosen: Chosen
  talk: Talk
  /** Bytes of its output that were read. */
  offset: number
  heard: Heard
  /** It began in a session that was there already. */
  resumed: boolean
  interrupted: Interruption | null
  /** Turns in a row that ended because its provider was overloaded. */
  overloads: number
  /** Words of why it may cost no more, once that is so. */
  overBudget: string | null
  /** Brings what it has done to where other machines find it. */
  readonly sharing: TurnSharing
}

/** What one program has said since it began. */
export interface Heard {
  turn: TurnEnd | null
  /** How many turns have come to an end. */
  turns: number
  limit: { until: number | null; text: string; at: number } | null
  words: string
  /** The model has answered at least once. */
  answered: boolean
  /** Tools at work. */
  busy: Set<string>
  /** When it last showed life. */
  at: number
  usages: number
  session: string | null
}

export const nothingHeard = (at: number): Heard => ({
  turn: null,
  turns: 0,
  limit: null,
  words: '',
  answered: false,
  busy: new Set(),
  at,
  usages: 0,
  session: null,
})

const readAtOnce = 1024 * 1024

/** Reads all that it has printed since, and does what its lines ask for. */
export async function hear(
  talking: Talking,
  act: (talking: Talking, event: AgentEvent) => Promise<void>,
): Promise<void> {
  const { crew, folder } = talking
  for (;;) {
    const { lines, offset } = await crew.system.readLines(folder, talking.offset, readAtOnce)
    if (offset === talking.offset) return
    for (const line of lines) {
      const events = talking.talk.read(line, crew.clock.now())
      // It tries again and again by itself: that alone is no progress.
      if (events.length === 0 || events.some(({ kind }) => kind !== 'retrying')) talking.heard.at = crew.clock.ticks()
      for (const event of events) await act(talking, event)
    }
    talking.offset = offset
  }
}
