import type { BlockedReason } from '../../src/domain/task.ts'
import {
  again,
  family,
  type Forecast,
  type Foreseen,
  isAtWork,
  isOver,
  openNeeds,
  put,
  settleNeeds,
  stand,
  waitsFor,
} from './forecast.ts'

/** What a person is told: `done`, `nothing` where it is so already, or why not. The forecast has changed when it is `done`. */
export type Word =
  | 'done'
  | 'nothing'
  | 'impossible-move'
  | 'busy'
  | 'on-the-parent'
  | 'parent-closed'
  | 'too-deep'
  | 'circle'
  | 'self-need'
  | 'usage'
  | 'bad-import'
  | 'id-taken'

const waitsAs = (task: Foreseen, ...reasons: BlockedReason[]): boolean =>
  task.status === 'blocked' && reasons.includes(task.reason!)

/** Sets a task aside, from wherever it can be set aside. */
export function pause(task: Foreseen): Word {
  if (task.isIntended && task.status === 'landing') return 'busy'
  const can = ['ready', 'blocked', 'claimed', 'in_progress', 'landing'].includes(task.status)
  if (!can || (task.kind === 'subtask' && task.status === 'landing')) return 'impossible-move'
  task.rest =
    task.status === 'landing'
      ? { status: 'landing', reason: null }
      : task.status === 'blocked' && task.reason !== 'needs'
        ? { status: 'blocked', reason: task.reason }
        : null
  put(task, 'paused')
  return 'done'
}

export function resume(forecast: Forecast, task: Foreseen, resets = false): Word {
  if (task.status !== 'paused') return 'impossible-move'
  if (task.rest) put(task, task.rest.status, task.rest.reason)
  else stand(forecast, task)
  task.rest = null
  if (resets) again(task)
  return 'done'
}

/** What was split ends with its tasks. */
const withParts = (forecast: Forecast, task: Foreseen): Foreseen[] => [
  ...(task.status === 'decomposed' ? task.into : []).flatMap((id) => withParts(forecast, forecast.tasks.get(id)!)),
  ...family(forecast, task),
]

export function cancel(forecast: Forecast, task: Foreseen): Word {
  if (task.kind === 'subtask') return 'on-the-parent'
  if (isOver(task)) return 'nothing'
  const open = withParts(forecast, task).filter((each) => !isOver(each))
  if (open.some(({ status, isIntended }) => status === 'landing' && isIntended)) return 'busy'
  for (const one of open) {
    put(one, 'cancelled')
    one.rest = null
  }
  return 'done'
}

/** With all attempts before it again; `force` from the tip, and completed work too. */
export function retry(forecast: Forecast, task: Foreseen, force: boolean): Word {
  if (task.kind === 'subtask') return 'on-the-parent'
  if (waitsAs(task, 'attempts', 'conflict', 'gate')) return unblock(forecast, task, { resets: true, fresh: force })
  const can = task.status === 'failed' || task.status === 'cancelled' || (force && task.status === 'completed')
  if (!can) return 'impossible-move'
  reopen(forecast, task, force)
  return 'done'
}

function unblock(forecast: Forecast, task: Foreseen, { resets, fresh }: { resets: boolean; fresh: boolean }): Word {
  if (resets) again(task)
  task.fresh ||= fresh
  stand(forecast, task)
  return 'done'
}

function reopen(forecast: Forecast, task: Foreseen, fresh: boolean): void {
  const anew = fresh || task.status === 'completed'
  for (const one of family(forecast, task))
    if (isOver(one) && (one === task || anew || one.status !== 'completed')) {
      again(one)
      Object.assign(one, { fresh: fresh || one.status === 'completed', landed: null, rest: null })
      stand(forecast, one)
    }
  settleNeeds(forecast)
}

/** Back to where a task waits to be worked on. */
export function reset(forecast: Forecast, task: Foreseen): Word {
  switch (task.status) {
    case 'ready':
      if (task.attempts === 0) return 'nothing'
      if (task.kind === 'subtask') return 'impossible-move'
      again(task)
      task.fresh = false
      task.landed = null
      return 'done'
    case 'blocked':
      return unblock(forecast, task, { resets: true, fresh: false })
    case 'paused':
      return resume(forecast, task, true)
    case 'completed':
    case 'failed':
    case 'cancelled':
      if (task.kind === 'subtask') return 'impossible-move'
      reopen(forecast, task, false)
      return 'done'
    default:
      return 'impossible-move'
  }
}

/** What it waits for is lifted; what that means depends on why it waits. */
export function resolve(forecast: Forecast, task: Foreseen): Word {
  if (!waitsAs(task, 'needs', 'question', 'conflict', 'gate', 'review', 'attempts')) return 'impossible-move'
  if (task.reason === 'needs') {
    for (const id of openNeeds(forecast, task)) task.needs.delete(id)
    settleNeeds(forecast)
    return 'done'
  }
  if (task.reason !== 'review') return unblock(forecast, task, { resets: task.reason !== 'question', fresh: false })
  task.approved = task.commit
  put(task, 'landing')
  return 'done'
}

export function land(task: Foreseen, again_: boolean): Word {
  if (task.kind === 'subtask') return 'on-the-parent'
  const reasons: BlockedReason[] = again_ ? ['conflict', 'gate'] : ['review', 'checkout']
  if (!waitsAs(task, ...reasons)) return 'impossible-move'
  if (task.reason === 'review') task.approved = task.commit
  put(task, 'landing')
  return 'done'
}

const refusesChange = (task: Foreseen): boolean => isAtWork(task) || task.status === 'landing'

export function edit(task: Foreseen, words: Partial<Pick<Foreseen, 'priority' | 'max' | 'scope'>>): Word {
  if (refusesChange(task)) return 'impossible-move'
  Object.assign(task, words)
  return 'done'
}

export function need(forecast: Forecast, task: Foreseen, other: Foreseen): Word {
  if (refusesChange(task)) return 'impossible-move'
  if (task.kind === 'subtask') return 'usage'
  if (task.needs.has(other.id)) return 'nothing'
  if (task === other) return 'self-need'
  if (waitsFor(forecast, other.id, task.id)) return 'circle'
  task.needs.add(other.id)
  settleNeeds(forecast)
  return 'done'
}

export function needNoMore(forecast: Forecast, task: Foreseen, other: Foreseen): Word {
  if (refusesChange(task)) return 'impossible-move'
  if (!task.needs.delete(other.id)) return 'nothing'
  settleNeeds(forecast)
  return 'done'
}

/** Over, landing, or with work that waits to land: a part would come too late. */
function takesNoParts(task: Foreseen): boolean {
  const { status, reason } = task.rest ?? task
  const hasPassed = status === 'blocked' && ['review', 'checkout', 'conflict', 'gate'].includes(reason!)
  return isOver(task) || status === 'landing' || status === 'decomposed' || hasPassed
}

/** Whether a part may be added: its parent must still be open, and not be two levels down. */
export function addPart({ tasks }: Forecast, parent: Foreseen): Word {
  if (takesNoParts(parent)) return 'parent-closed'
  if (parent.kind !== 'subtask') return 'done'
  const above = tasks.get(parent.parent!)!
  if (above.kind === 'subtask') return 'too-deep'
  return takesNoParts(above) ? 'parent-closed' : 'done'
}
