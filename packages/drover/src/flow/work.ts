import { runId } from '../domain/id.ts'
import type { Crew } from './crew.ts'

/** A task at work in somebody's worktree: its own attempt's, or as a sub-task its parent's. */
export interface Work {
  readonly owner: string
  readonly attempt: number
  readonly task: string
  readonly base: string
  readonly slot: number
}

/** What was kept of an attempt, as far as others need to know. */
export interface Keeping {
  readonly commit: string | null
  readonly base: string
  readonly subjects: string[]
  readonly files: string[]
  readonly claims: string[]
  readonly leftovers: boolean
  readonly problem: string | null
}

/** Drover ended it. */
export type Cut = 'timeout' | 'stalled' | 'interrupted' | 'moved on'

/** How the agent's run came to its end. Facts only: what they mean is the judge's and settle's. */
export interface Ran {
  readonly end: 'over' | Cut | 'limit' | 'auth' | 'budget' | 'failed' | 'crashed'
  /** The account that its end is about, and until when it rests. */
  readonly account?: { readonly name: string; readonly agent: string; readonly until: number | null }
  /** An agent, not a command of the task's own: it may ask, wait and find. */
  readonly isAgent?: boolean
  /** The agent's own last words, where it is not just a program that prints. */
  readonly said?: string
  readonly exitCode: number | null
  readonly signal: string | null
  readonly words: string
}

export const markOf = ({ here }: Pick<Crew, 'here'>, work: Pick<Work, 'owner' | 'attempt'>): string =>
  runId(here.project, work.owner, work.attempt)
