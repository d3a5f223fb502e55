import type { AttemptEnd } from '../../src/domain/settle.ts'
import {
  family,
  type Forecast,
  type Foreseen,
  type ForeseenJob,
  isAtWork,
  partsOf,
  put,
  settleNeeds,
  stand,
} from './forecast.ts'

export type Answer = 'appended' | 'already' | 'stale' | 'impossible' | 'landing'

/** What the settings of these tests say of trying again. */
export const delays = { first: 1_000, longest: 4_000, jitter: 0.5 }

/** Doubles with each counted attempt, never above the longest. */
function waits(attempts: number): number {
  let delay = delays.first
  for (let n = 0; n < attempts && delay < delays.longest; n++) delay *= 2
  return Math.min(delays.longest, delay * (1 + delays.jitter / 4))
}

/** Who may say it, before it is asked whether it may happen: the same twice is once, and only the holder of the last attempt is heard. */
export function hears(forecast: Forecast, job: ForeseenJob, key: string, holder: string): Answer | undefined {
  if (forecast.said.has(key)) return 'already'
  const task = forecast.tasks.get(job.task)!
  return task.attempt === job.attempt && task.holder === holder ? undefined : 'stale'
}

export function claim(forecast: Forecast, task: Foreseen, holder: string): ForeseenJob {
  task.attempt++
  const job: ForeseenJob = {
    id: `${task.id}/${task.attempt}`,
    kind: 'drive',
    task: task.id,
    attempt: task.attempt,
    fresh: task.fresh,
    isDone: false,
    isBegun: false,
    isOver: false,
    hasMovedOn: false,
    tries: 1,
    isIntended: false,
  }
  put(task, 'claimed')
  Object.assign(task, { fresh: false, landings: 0, commit: null, approved: null, holder, isStopping: true })
  forecast.jobs.push(job)
  return job
}

/** Sub-tasks that this attempt works on again begin again. */
export function partsBack(forecast: Forecast, parts: readonly Foreseen[]): void {
  for (const part of parts) {
    Object.assign(part, { lost: 0, notBefore: forecast.now, fresh: false })
    stand(forecast, part)
  }
}

export interface Ending {
  end: AttemptEnd
  continues: boolean
}

const reasonOf = (ended: AttemptEnd): string =>
  ended.kind === 'broken'
    ? ended.reason
    : ended.kind === 'judged' && ended.verdict.verdict === 'block'
      ? 'question'
      : 'failed'
const isPass = (ended: AttemptEnd): ended is AttemptEnd & { kind: 'judged' } =>
  ended.kind === 'judged' && ['pass', 'pass_with_warnings'].includes(ended.verdict.verdict)

/** How an attempt's end moves its task: one table, as the decisions have it. */
export function end(forecast: Forecast, task: Foreseen, { end: ended, continues }: Ending): void {
  const reason = reasonOf(ended)
  if (isPass(ended)) {
    Object.assign(task, { commit: ended.commit, lost: 0 })
    put(task, 'landing')
    if (ended.commit === null) complete(forecast, task, null)
    else if (task.byHand) put(task, 'blocked', 'review')
  } else if (reason === 'question') {
    task.lost = 0
    put(task, 'blocked', 'question')
  } else if (reason === 'lost') {
    if (task.lost === 3) return put(task, 'blocked', 'attempts')
    Object.assign(task, { lost: task.lost + 1, notBefore: forecast.now, fresh: false })
    stand(forecast, task)
  } else if (reason === 'limit' || reason === 'interrupted') {
    Object.assign(task, { lost: 0, notBefore: forecast.now, fresh: false })
    stand(forecast, task)
  } else countedEnd(forecast, task, !continues)
}

function countedEnd(forecast: Forecast, task: Foreseen, fresh: boolean): void {
  const before = task.attempts++
  if (task.attempts >= task.max) return put(task, 'failed')
  Object.assign(task, { lost: 0, notBefore: forecast.now + waits(before), fresh })
  stand(forecast, task)
}

/** A part never fails for good, and asks only through its parent; a pass waits for its parent's landing. */
export function endPart(forecast: Forecast, part: Foreseen, { end: ended, continues }: Ending): void {
  if (isPass(ended)) {
    Object.assign(part, { commit: ended.commit, lost: 0 })
    return put(part, 'landing')
  }
  const counts = !['question', 'lost', 'limit', 'interrupted'].includes(reasonOf(ended))
  const before = part.attempts
  if (counts) part.attempts++
  const notBefore = forecast.now + (counts ? waits(before) : 0)
  const lost = reasonOf(ended) === 'lost' ? part.lost + 1 : 0
  Object.assign(part, { lost, notBefore, fresh: counts && !continues })
  stand(forecast, part)
}

/** With the sub-tasks that passed; whoever needed them waits no more. */
export function complete(forecast: Forecast, task: Foreseen, commit: string | null): void {
  for (const one of family(forecast, task))
    if (one === task || one.status === 'landing') {
      put(one, 'completed')
      one.landed = commit
    }
  joinWhole(forecast, task)
  settleNeeds(forecast)
}

/** What was split is completed with the last of its tasks. */
function joinWhole(forecast: Forecast, { id, parent }: Foreseen): void {
  const whole = parent === null ? undefined : forecast.tasks.get(parent)
  if (whole?.status !== 'decomposed' || !whole.into.includes(id)) return
  if (whole.into.every((part) => forecast.tasks.get(part)!.status === 'completed')) complete(forecast, whole, null)
}

/** A refused landing: back to its agent, or a person must look. The same attempt is not counted beyond the most there may be. */
export function refuse(
  forecast: Forecast,
  task: Foreseen,
  reason: 'conflict' | 'gate' | 'review' | 'checkout',
  continues: boolean,
): void {
  if (reason === 'review' || reason === 'checkout') return put(task, 'blocked', reason)
  const before = task.attempts
  task.attempts = Math.max(before, Math.min(before + 1, task.max))
  if (before + 1 >= task.max) return put(task, 'blocked', reason)
  Object.assign(task, { lost: 0, notBefore: forecast.now + waits(before), fresh: !continues })
  stand(forecast, task)
}

/** Work without a living job is lost; what lands gets a job. */
export function sweep(forecast: Forecast, holder: string): void {
  const isLiving = (task: Foreseen): boolean =>
    forecast.jobs.some((job) => !job.isDone && job.task === task.id && job.attempt === task.attempt)
  for (const task of forecast.tasks.values()) {
    if (task.kind === 'subtask' || isLiving(task)) continue
    if (task.status === 'landing') startLanding(forecast, task, holder)
    else if (isAtWork(task)) {
      end(forecast, task, { end: { kind: 'broken', reason: 'lost', error: '' }, continues: true })
      task.isStopping = false
    }
  }
}

export function startLanding(forecast: Forecast, task: Foreseen, holder: string): void {
  task.holder = holder
  const id = `${task.id}/${task.attempt}/land${task.landings === 1 ? '' : `.${task.landings}`}`
  forecast.jobs.push({
    id,
    kind: 'land',
    task: task.id,
    attempt: task.attempt,
    fresh: false,
    isDone: false,
    isBegun: true,
    isOver: false,
    hasMovedOn: false,
    tries: 1,
    isIntended: false,
  })
}

/** The next part that this attempt works on, in their order; nothing when it is the task's own turn. */
export const nextPart = (forecast: Forecast, task: string): Foreseen | undefined =>
  partsOf(forecast, task).find(({ status }) => ['ready', 'in_progress', 'paused'].includes(status))
