import { move } from '../../domain/moves.ts'
import { isOver, type BlockedReason, type Task } from '../../domain/task.ts'

const retriable: ReadonlySet<BlockedReason | null> = new Set(['attempts', 'conflict', 'gate'])
const resolvable: ReadonlySet<BlockedReason | null> = new Set([
  'needs',
  'question',
  'conflict',
  'gate',
  'review',
  'budget',
  'attempts',
])

export const canRetry = (task: Task): boolean =>
  task.status === 'failed' ||
  task.status === 'cancelled' ||
  (task.status === 'blocked' && retriable.has(task.blockedReason))
export const canResolve = (task: Task): boolean => task.status === 'blocked' && resolvable.has(task.blockedReason)
export const canLand = (task: Task): boolean =>
  task.status === 'blocked' &&
  task.commit !== null &&
  (task.blockedReason === 'review' || task.blockedReason === 'checkout')
export const canLandAgain = (task: Task): boolean =>
  task.status === 'blocked' &&
  task.commit !== null &&
  (task.blockedReason === 'conflict' || task.blockedReason === 'gate')

const hasWorkToLand: ReadonlySet<BlockedReason | null> = new Set(['review', 'checkout', 'conflict', 'gate'])

/** Whether a sub-task that is added now will be worked on: not when the attempt it would be part of has passed. */
export function takesParts(task: Task): boolean {
  const { status, reason } = task.rest ?? { status: task.status, reason: task.blockedReason }
  if (isOver(task) || status === 'landing' || status === 'decomposed') return false
  return !(status === 'blocked' && hasWorkToLand.has(reason))
}

/** What a person may do with this task now, as the commands are called. */
export function possible(task: Task): string[] {
  const whole = task.kind !== 'subtask'
  const verbs: Record<string, boolean> = {
    resume: task.status === 'paused',
    land: whole && canLand(task),
    'land retry': whole && canLandAgain(task),
    answer: task.status === 'blocked' && task.blockedReason === 'question',
    resolve: canResolve(task),
    retry: whole && canRetry(task),
    'retry --force': whole && task.status === 'completed',
    pause: move(task, { type: 'task.paused', data: { reason: '' } }) !== undefined,
    cancel: whole && !isOver(task),
  }
  return Object.keys(verbs).filter((verb) => verbs[verb])
}
