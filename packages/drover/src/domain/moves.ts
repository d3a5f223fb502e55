import type { EventType, Facts, NewEvent } from './event.ts'
import type { Task, TaskStatus } from './task.ts'

/** A target may look at the task and the event; `undefined` says that this task cannot make this move. */
type Target<T extends EventType> = TaskStatus | ((task: Task, facts: Facts[T]) => TaskStatus | undefined)

/** How a task stands when nobody works on it. */
export const restsAs = (task: Pick<Task, 'rest' | 'openNeeds'>): TaskStatus =>
  task.rest?.status ?? (task.openNeeds > 0 ? 'blocked' : 'ready')

const onlySubtask = (status: TaskStatus) => (task: Task) => (task.kind === 'subtask' ? status : undefined)
const notSubtask = (status: TaskStatus) => (task: Task) => (task.kind === 'subtask' ? undefined : status)
const standing = (task: Task): TaskStatus => (task.openNeeds > 0 ? 'blocked' : 'ready')

/** Ways out of `blocked` that lead to landing what is there, not to a new attempt. */
const landsBy: ReadonlySet<Facts['task.unblocked']['how']> = new Set(['checkout', 'approved', 'land'])

/** Which event may move which status, and where to. Whatever is not here cannot happen. */
export const moves = {
  ready: {
    'task.claimed': notSubtask('claimed'),
    'task.started': onlySubtask('in_progress'),
    // An attempt that was taken from its machine may still end: what it asks then is nobody's question any more.
    'task.blocked': (_, { reason }) => (reason === 'needs' ? 'blocked' : undefined),
    'task.reopened': notSubtask('ready'),
    'task.paused': 'paused',
    'task.cancelled': 'cancelled',
  },
  blocked: {
    'task.unblocked': (task, { how }) =>
      landsBy.has(how) ? (task.commit === null ? undefined : 'landing') : standing(task),
    'task.paused': 'paused',
    'task.cancelled': 'cancelled',
  },
  claimed: {
    'task.started': 'in_progress',
    'task.retried': standing,
    'task.blocked': 'blocked',
    'task.failed': 'failed',
    'task.paused': 'paused',
    'task.cancelled': 'cancelled',
  },
  in_progress: {
    'task.passed': 'landing',
    'task.retried': standing,
    'task.blocked': 'blocked',
    'task.failed': 'failed',
    'task.decomposed': notSubtask('decomposed'),
    'task.paused': 'paused',
    'task.cancelled': 'cancelled',
  },
  landing: {
    'task.completed': 'completed',
    'task.retried': standing,
    'task.blocked': 'blocked',
    'task.paused': notSubtask('paused'),
    'task.cancelled': 'cancelled',
  },
  paused: {
    'task.resumed': restsAs,
    'task.cancelled': 'cancelled',
  },
  decomposed: {
    'task.completed': 'completed',
    'task.cancelled': 'cancelled',
  },
  completed: { 'task.reopened': standing },
  failed: { 'task.reopened': standing },
  cancelled: { 'task.reopened': standing },
} as const satisfies Record<TaskStatus, { [T in EventType]?: Target<T> }>

/** Events that may be written about a task in any status: they tell, they do not move. */
export const tellings: ReadonlySet<EventType> = new Set([
  'task.edited',
  'task.progress',
  'task.reported',
  'task.hinted',
  'task.hint_delivered',
  'agent.session',
  'task.asked',
  'task.answered',
  'task.found',
  'task.proposed',
  'agent.usage',
  'account.parked',
  'account.released',
])

/** Where the event leads, or `undefined` when it cannot happen now. */
export function move(task: Task, event: Pick<NewEvent, 'type' | 'data'>): TaskStatus | undefined {
  if (tellings.has(event.type)) return task.status
  if (event.type.startsWith('landing.')) return task.status === 'landing' ? 'landing' : undefined
  const target = (moves[task.status] as Partial<Record<EventType, Target<EventType>>>)[event.type]
  return typeof target === 'function' ? target(task, event.data as never) : target
}
