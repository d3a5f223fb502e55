import { EventEmitter, once } from 'node:events'
import type { Dialect } from './conversation.ts'

export type DialectName = Dialect['name']

/** One request to the model, and what became of it. */
export interface Entry {
  number: number
  at: number
  endedAt: number | null
  dialect: DialectName
  session: string
  /** What the program calls itself. */
  name: string | null
  /** Which answer of how many; null where nobody's work was asked for: a title, a summary. */
  step: number | null
  steps: number
  /** The tool that is called, and with what. */
  call: string | null
  /** `open` while nothing was answered; `gone`: the client did not wait for it. */
  outcome: 'open' | 'answered' | 'limit' | 'toolong' | 'hang' | 'drop' | 'gone' | `${number}`
  /** How many requests were open when this came, with it. */
  active: number
  /** What people said since the program began, that is no program. */
  heard: string[]
  /** All that people said, programs too. */
  prompts: string[]
  tools: string[]
}

const patienceMs = 150_000

export class Log {
  readonly entries: Entry[] = []
  private readonly changes = new EventEmitter().setMaxListeners(0)

  begin(entry: Omit<Entry, 'number' | 'at' | 'endedAt' | 'outcome' | 'active'>): Entry {
    const active = this.entries.filter(({ endedAt }) => endedAt === null).length + 1
    const number = this.entries.length + 1
    const begun: Entry = { number, at: Date.now(), endedAt: null, outcome: 'open', active, ...entry }
    this.entries.push(begun)
    this.changes.emit('change')
    return begun
  }

  tell(entry: Entry, outcome: Entry['outcome']): void {
    entry.outcome = outcome
    this.changes.emit('change')
  }

  /** The connection is closed. What was told before holds: a client gives up what hangs. */
  end(entry: Entry): void {
    if (entry.outcome === 'open') entry.outcome = 'gone'
    entry.endedAt = Date.now()
    this.changes.emit('change')
  }

  async until<T>(what: string, look: (entries: readonly Entry[]) => T | undefined): Promise<T> {
    const late = AbortSignal.timeout(patienceMs)
    for (;;) {
      const found = look(this.entries)
      if (found !== undefined) return found
      await once(this.changes, 'change', { signal: late }).catch(() => {
        throw new Error(`the model never saw this: ${what}\n${this.entries.map(line).join('\n')}`)
      })
    }
  }
}

export const line = ({ number, dialect, session, name, step, steps, call, outcome }: Entry): string =>
  `${number} ${dialect} ${session} ${name ?? ''} ${step ?? 'aside'}/${steps} ${call ?? ''} ${outcome}`
