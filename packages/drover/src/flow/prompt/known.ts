import type { Finding } from '../../domain/event.ts'
import type { Task } from '../../domain/task.ts'
import type { Report, Verdict } from '../../domain/verdict.ts'

/** What came of another task. */
export interface Result {
  task: Task
  findings: readonly Finding[]
}

/** An earlier try at the same work: what its agent claimed, what was found, and how it ended. */
export interface Earlier {
  attempt: number
  error: string | null
  commit: string | null
  report: Report | null
  verdict: Verdict | null
}

/** From how many bytes on a text stands in a file beside the prompt. */
export interface Limits {
  description: number
  diff: number
  file: number
}

/** All that a prompt is made of. The same ledger gives the same words: no clock, no path of this machine. */
export interface Known {
  task: Task
  /** The tasks it is a part of, the outermost last; none for a task of its own. */
  above: readonly Task[]
  /** Parts of the same attempt that have passed before it. */
  before: readonly Result[]
  needs: readonly Result[]
  /** Tasks that this one made, or that were made for it, and that are over. */
  children: readonly Result[]
  recent: readonly Result[]
  answers: readonly { question: string; answer: string }[]
  hints: readonly string[]
  earlier: readonly Earlier[]
  /** What the last attempt changed, where this one does not find it in its worktree. */
  diff: { attempt: number; range: string; text: string } | undefined
  guidelines: string
  repos: readonly string[]
  /** Its agent has drover's tools. */
  hasTools: boolean
  onBlocked: 'ask' | 'task'
  limits: Limits
}
