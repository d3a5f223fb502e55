import type { Part } from './ledger.ts'

/** What a step's body is given. */
export interface Step {
  /** `<job>/<name>`, the same at every repetition. */
  readonly key: string
  /** Aborts when the job is cancelled or its runtime stops; with the reason `lease` when others may soon have it. */
  readonly signal: AbortSignal
  /** Writes the step's row in the caller's own transaction, with this as its result; `last` ends the job with it. */
  together(result: unknown, last?: 'last' | undefined): () => Part
  /** When it is the runtime that stops, ends the job here without a word: its next start repeats this step. Nothing otherwise. */
  endIfStopping(): void
}

/** What a workflow is given: its steps are remembered, so a repetition goes on where it was. */
export interface Durable {
  readonly job: string
  /** Who may speak for this attempt now; new at every start of the job. */
  readonly holder: string
  /**
   * Runs the body, or returns what it returned before: JSON and nothing else, also the first time. Names must come in the same order at every repetition.
   */
  step<T>(name: string, run: (step: Step) => Promise<T>, weight?: Weight): Promise<T>
}

/**
 * When a step is written down, where it is not at once. `light`: with the next write of its job, because repeating it costs little.
 * `here`: what it tells of is on this machine alone. Where others may take over it is written with the next write too, so that they do
 * it again instead of believing in what they do not have; this machine, begun again, finds what it did.
 */
export type Weight = 'light' | 'here'

export interface Job {
  readonly id: string
  readonly kind: 'drive' | 'land'
  readonly task: string
  readonly attempt: number
  /** Jobs of one lane run one at a time, in the order they were started; drive jobs have none. */
  readonly lane: string | null
  /** Only a machine with all of these labels runs it. */
  readonly labels?: readonly string[]
}

export interface Living extends Job {
  /** Another machine runs it. */
  readonly isElsewhere: boolean
  /** What a machine needs to go on with it, where none of the living has that. */
  readonly lacks?: string
}

export type Workflow = (job: Job, durable: Durable) => Promise<void>

export interface Runtime {
  /** The rows that start a job, for the transaction that decides it. The same id twice is once. */
  start(job: Job): Part
  /** Runs jobs from now on: first those that a dead holder left, then new ones. */
  serve(workflows: Readonly<Record<Job['kind'], Workflow>>): Promise<void>
  /** Looks for started jobs at once; called after a transaction that started one. */
  poke(): void
  /** Aborts the signal of a running job. */
  cancel(job: string): void
  running(): readonly string[]
  /** Jobs that broke here, and are to be begun again. */
  broken(): readonly string[]
  /** Jobs that are not finished, whoever runs them. */
  living(): Promise<Living[]>
  /** How often this job took its process with it, where it is not begun any more because of that. */
  deaths(job: string): Promise<number | undefined>
  /** Resolves when no job of this process runs. */
  idle(): Promise<void>
  /** Starts nothing new, aborts what runs (it ends as its workflow decides) and waits. Twice is fine. */
  stop(): Promise<void>
}
