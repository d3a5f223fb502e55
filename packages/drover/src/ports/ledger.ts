import type { Event, NewEvent } from '../domain/event.ts'
import type { Standing } from '../domain/summary.ts'
import type { Hand } from '../domain/hand.ts'
import type { Task } from '../domain/task.ts'

/** Who says it. The key of an event comes from its speaker, so that saying it twice is saying it once. */
export type Speaker =
  | { kind: 'job'; key: string; task: string; attempt: number; holder: string }
  | { kind: 'person'; name: string; email: string; request: string }
  | { kind: 'agent'; task: string; attempt: number; request: string }
  | { kind: 'machine'; name: string; request: string }

export type Appended =
  | { outcome: 'appended' | 'already'; events: Event[] }
  /** Another attempt, or another holder of this one, has taken over. */
  | { outcome: 'stale' }
  | { outcome: 'impossible'; task: Task; event: NewEvent['type'] }
  /** Its landing is intended and the ref's fate is not known yet: ask again in a moment. */
  | { outcome: 'landing'; task: Task }

/** One statement, as data: the texts around its values. */
export interface Query {
  readonly texts: readonly string[]
  readonly values: readonly unknown[]
  /** Nobody asks for its rows: the next statement may be told before this one is done. */
  readonly silent?: true
}

/** Something another library does on this transaction's own connection. Only PostgreSQL has one to lend. */
export interface Loan {
  readonly lend: (connection: unknown) => Promise<void>
}

/** Rows to read and write inside somebody's transaction. It yields a statement and is given its rows. */
export type Part<T = void> = Generator<Query | Loan, T, readonly Record<string, unknown>[]>

/** An event as another ledger tells it: its place there means nothing here. */
export type Told = NewEvent & Pick<Event, 'key' | 'at' | 'machine' | 'slot' | 'actor'>

export interface Claim {
  machine: string
  slot: number
  epic: string | null
  /** Agents that can work here, with their accounts. A task that runs a command needs none of them. */
  hands: readonly Hand[]
  defaultAgent: string
  now: number
  /** What this machine has. */
  labels?: readonly string[]
  /** Labels that choose a machine also while none has them. */
  queueLabels?: readonly string[]
}

/** Told while very many events are written: so many of them are. They are there when all are. */
export type Hear = (written: number) => void

export interface Ledger {
  /** Applies the events to their tasks and writes both, with the part beside them, or nothing at all. */
  append(events: readonly NewEvent[], by: Speaker, beside?: () => Part, hear?: Hear): Promise<Appended>
  /** Gives the best ready task to this slot and starts its job, in one transaction; `labels` are those that its machine must have. */
  claim(claim: Claim, start: (task: Task, labels: readonly string[]) => Part): Promise<Task | undefined>
  /**
   * Writes that the run is over, unless something is at work, is due later, or could be claimed like this. In one
   * transaction, so what is committed before it is this run's to do, and what comes after, the next one's.
   */
  endRun(claim: Claim, words: (standing: Standing) => NewEvent[], by: Speaker): Promise<Event[] | 'not yet'>
  /**
   * Writes what another ledger tells, with its keys and times, in order, and what it does to tasks. Nothing follows from it by
   * itself: what followed is told too. What is known here is left out. Nobody works here on what is told: `rest` says what that
   * means for a task. Answers with what was new, and when it is rehearsed, with what would be.
   */
  retell(events: readonly Told[], rest: (task: Task) => Told[], how?: 'rehearsed'): Promise<Event[]>
  /**
   * Runs a part in a transaction of its own. For rows that are not the ledger's story: jobs, worktrees, wishes. Like every part
   * that writes, it may be begun again when the database rolled it back.
   */
  transact<T>(part: () => Part<T>): Promise<T>
  /** Runs a part that only reads. */
  ask<T>(part: () => Part<T>): Promise<T>
  /** A follower's own bell: it resolves when anybody wrote since it last rang, at the latest after the time. */
  bell(): (withinMs: number, signal: AbortSignal) => Promise<void>
  /** Somebody says that there is news: look now, not at the next poll. */
  look(): void
  /** How long a database is waited for that cannot be reached: a daemon has more patience than a command. Nothing where it is a file. */
  waitFor(ms: number): void
  close(): Promise<void>
}
