import type { Task } from './task.ts'

/** What else is at work, as far as it matters for who is next. */
export interface AtWork {
  id: string
  scope: readonly string[]
}

/** What decides whether a task may start. */
export type Waiting = Pick<Task, 'id' | 'scope' | 'notBefore' | 'attempt'>

export interface Candidate<T extends Waiting = Task> {
  task: T
  lastAttemptIsOver: boolean
}

/** Why a ready task does not start now; nothing when it may. */
export function heldBack(candidate: Candidate<Waiting>, atWork: readonly AtWork[], now: number): string | undefined {
  const { task } = candidate
  if (!candidate.lastAttemptIsOver) return `attempt ${task.attempt} is still stopping`
  if (task.notBefore > now) return `it waits until ${new Date(task.notBefore).toISOString()}`
  const rival = atWork.find((other) => overlaps(task.scope, other.scope))
  return rival && `${rival.id} works on the same files now`
}

/** The first of the candidates (they come best first) that may start now. */
export const schedule = <T extends Waiting>(
  candidates: readonly Candidate<T>[],
  atWork: readonly AtWork[],
  now: number,
): T | undefined => candidates.find((candidate) => heldBack(candidate, atWork, now) === undefined)?.task

/** Whether two sets of globs could name the same file. A task without a scope is in nobody's way. */
export const overlaps = (one: readonly string[], other: readonly string[]): boolean =>
  one.some((a) => other.some((b) => mayMeet(a, b)))

/** Compares the parts before the first wildcard: careful, so it may hold back two globs that never meet. */
function mayMeet(a: string, b: string): boolean {
  const [left, right] = [stem(a), stem(b)]
  return left === right || left.startsWith(folder(right)) || right.startsWith(folder(left))
}

const stem = (glob: string): string =>
  glob
    .replace(/^\.?\//, '')
    .replace(/[^/]*[*?[{].*$/, '')
    .replace(/\/+$/, '')
const folder = (path: string): string => (path === '' ? '' : `${path}/`)
