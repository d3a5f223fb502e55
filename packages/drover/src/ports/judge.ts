import type { Report, Verdict } from '../domain/verdict.ts'
import type { Task } from '../domain/task.ts'

/** All that is known when an attempt is over and its processes are gone. */
export interface Evidence {
  task: Task
  attempt: number
  worktree: string
  base: string
  /** Files that the attempt changed, added or removed since its base. */
  changed: readonly string[]
  /** Marker and result files it wrote: what it claims, no part of its work. */
  claims: readonly string[]
  report: Report | null
  exitCode: number | null
  signal: string | null
  outputTail: string
  /** The last words of an agent that ended its turn as it should; nothing of a program that is only run. */
  said: string | null
}

export interface Judge {
  readonly name: string
  /** The verdict, or nothing when this judge cannot know. Never throws: a broken file is a verdict `unknown`. */
  judge(evidence: Evidence, signal: AbortSignal): Promise<Verdict | undefined>
}
