import assert from 'node:assert/strict'
import type { NewEvent } from '../../src/domain/event.ts'
import { endKey } from '../../src/domain/id.ts'
import { interrupted, settle, settlePart, type AttemptEnd, withParts } from '../../src/domain/settle.ts'
import { verdictOf } from '../../src/domain/verdict.ts'
import { landingJob } from '../../src/flow/drive-task.ts'
import { partsAtWork, passedParts } from '../../src/flow/parts.ts'
import type { Part } from '../../src/ports/ledger.ts'
import { type ForeseenJob, isAtWork, partsOf } from './forecast.ts'
import * as foresee from './foresee-machines.ts'
import { agree, byJob, type Dice, type Hall, holderOf, jobDone, pick, realTask, rulesOf } from './hall.ts'

/** What an attempt may come to, whoever or whatever ends it. */
export function endOf({ b, c }: Dice, job: Pick<ForeseenJob, 'task' | 'attempt'>): AttemptEnd {
  const reasons = ['failed', 'crashed', 'timeout', 'stalled', 'limit', 'interrupted', 'lost'] as const
  if (b % 16 < reasons.length) return { kind: 'broken', reason: reasons[b % 16]!, error: 'it broke' }
  const verdict = (['block', 'fail', 'unknown', 'pass_with_warnings'] as const)[(b % 16) - reasons.length] ?? 'pass'
  const commit = c % 7 === 6 ? null : `c-${job.task}-${job.attempt}`
  return { kind: 'judged', verdict: verdictOf(verdict, 'reported', 'in words'), commit, base: 'tip', subjects: [] }
}

export const isPass = (end: AttemptEnd): boolean => end.kind === 'judged' && end.verdict.verdict.startsWith('pass')

/** One step further with a job, as the workflows of the product take them; what its machine dies between is up to chance. */
export async function work(hall: Hall, job: ForeseenJob, dice: Dice): Promise<void> {
  if (job.isOver) return leave(hall, job)
  if (!job.isBegun) return begin(hall, job)
  const part = foresee.nextPart(hall.forecast, job.task)
  if (dice.a % 4 === 3) return mention(hall, job, dice)
  if (part?.status === 'paused') return record(hall, job, endOf({ ...dice, b: 7 }, job))
  const end = endOf(dice, job)
  return part ? endPart(hall, job, { part: part.id, end }) : record(hall, job, end)
}

/** Says it, and compares the answer; the holder may be one that has been replaced. */
export async function tell(
  hall: Hall,
  job: ForeseenJob,
  said: { key: string; events: NewEvent[]; can: boolean; holder?: string; beside?: () => Part },
): Promise<foresee.Answer> {
  const { forecast, ledger } = hall
  const holder = said.holder ?? holderOf(hall)
  const foreseen = foresee.hears(forecast, job, said.key, holder) ?? (said.can ? 'appended' : 'impossible')
  const answer = await ledger.append(said.events, byJob(job, said.key, holder), said.beside)
  const what = `${job.id} of ${holder} says ${said.key}: ${said.events.map(({ type, task }) => `${type} ${task}`).join(', ')}`
  agree(hall, what, foreseen, answer.outcome)
  if (foreseen === 'appended') forecast.said.add(said.key)
  return foreseen
}

async function begin(hall: Hall, job: ForeseenJob): Promise<void> {
  const task = hall.forecast.tasks.get(job.task)!
  const started = {
    type: 'task.started',
    task: job.task,
    attempt: job.attempt,
    data: { machine: 'm', slot: 1 },
  } as const
  const answer = await tell(hall, job, { key: `${job.id}/start`, events: [started], can: task.status === 'claimed' })
  if (answer !== 'appended') return moveOn(job)
  task.status = 'in_progress'
  job.isBegun = true
  if (job.fresh) await putBack(hall, job, `${job.id}/worktree/parts`, 'landing')
}

const moveOn = (job: ForeseenJob): void => void Object.assign(job, { isOver: true, hasMovedOn: true })

/** Parts that are to be worked on again. */
async function putBack(hall: Hall, job: ForeseenJob, key: string, which: 'landing' | 'at work'): Promise<void> {
  const { forecast, reading } = hall
  const parts = which === 'landing' ? await passedParts(reading, job.task) : await partsAtWork(reading, job.task)
  const foreseen = partsOf(forecast, job.task).filter((part) =>
    which === 'landing' ? part.status === 'landing' : isAtWork(part),
  )
  assert.deepEqual(
    parts.map(({ id }) => id),
    foreseen.map(({ id }) => id),
  )
  if (parts.length === 0) return
  const events = parts.map((part) => interrupted(part, 'its parent begins again', forecast.now))
  if ((await tell(hall, job, { key, events, can: true })) === 'appended') foresee.partsBack(forecast, foreseen)
}

/** Tells that move nothing, by the agent or its job. */
async function mention(hall: Hall, job: ForeseenJob, { b }: Dice): Promise<void> {
  const about = { task: job.task, attempt: job.attempt }
  const usage = { inputTokens: b, cachedInputTokens: 0, outputTokens: 1, costUsd: 0.5 }
  const events: NewEvent[] = [
    {
      type: 'agent.session',
      ...about,
      data: { session: `s${b}`, agent: 'claude', account: null, model: null, version: null },
    },
    { type: 'agent.usage', ...about, data: { usage, session: null, total: {} } },
    { type: 'task.progress', ...about, data: { label: 'half', phase: '', detail: '' } },
  ]
  if (b % 4 < 3)
    return void (await tell(hall, job, {
      key: `${job.id}/mention ${++hall.count}`,
      events: [events[b % 4]!],
      can: true,
    }))
  for (const { id } of await hall.reading.pendingHints(job.task))
    await tell(hall, job, {
      key: `${job.id}/hint ${id}`,
      events: [{ type: 'task.hint_delivered', ...about, data: { hint: id, how: 'prompt' } }],
      can: true,
    })
}

/** A part begins and ends; a part that fails takes its parent's attempt with it. */
export async function endPart(
  hall: Hall,
  job: ForeseenJob,
  { part: id, end }: { part: string; end: AttemptEnd },
): Promise<void> {
  const { forecast } = hall
  const part = forecast.tasks.get(id)!
  const started = { type: 'task.started', task: id, attempt: job.attempt, data: { machine: 'm', slot: 1 } } as const
  const begun = await tell(hall, job, {
    key: `${job.id}/${id}/started`,
    events: [started],
    can: part.status === 'ready',
  })
  if (begun === 'appended') Object.assign(part, { status: 'in_progress', attempt: job.attempt })
  const at = { rules: rulesOf(part), now: forecast.now }
  const events = settlePart(await realTask(hall, id), end, at)
  const key = endKey(id, job.attempt)
  const answer = await tell(hall, job, { key, events, can: part.status === 'in_progress' })
  if (answer !== 'appended' && answer !== 'already') return moveOn(job)
  if (answer === 'appended') foresee.endPart(forecast, part, { end, continues: !part.isCommand })
  if (!isPass(end)) await record(hall, job, end)
}

/** Exactly one event that moves the task on; its landing begins in the same transaction. */
export async function record(hall: Hall, job: ForeseenJob, end: AttemptEnd): Promise<void> {
  const { forecast, crew } = hall
  const task = forecast.tasks.get(job.task)!
  const parts = await passedParts(hall.reading, job.task)
  const continues = !task.isCommand || parts.length > 0
  const rules = { ...rulesOf(task), fresh: !continues }
  const events = withParts(settle(await realTask(hall, job.task), end, rules, forecast.now), parts)
  const lands = events.length === 1 && events[0]!.type === 'task.passed'
  const beside = function* (): Part {
    if (!lands) return
    yield* jobDone(job.id)
    yield* crew.records.end(job.task, job.attempt, forecast.now)
    yield* crew.runtime.start(landingJob(crew, job.task, job.attempt, 1))
  }
  const answer = await tell(hall, job, { key: endKey(job.task, job.attempt), events, can: isAtWork(task), beside })
  if (answer !== 'appended') return moveOn(job)
  job.isOver = true
  foresee.end(forecast, task, { end, continues })
  if (task.status !== 'landing') return
  job.isDone = true
  task.isStopping = false
  foresee.startLanding(forecast, task, holderOf(hall))
}

/** Its processes are gone and its work is kept: the attempt is over. */
async function leave(hall: Hall, job: ForeseenJob): Promise<void> {
  const { forecast, ledger, records } = hall
  if (job.kind === 'drive' && job.hasMovedOn) await putBack(hall, job, `${job.id}/close/parts`, 'at work')
  await ledger.transact(function* () {
    if (job.kind === 'drive') yield* records.end(job.task, job.attempt, forecast.now)
    yield* jobDone(job.id)
  })
  hall.diary.push(`${job.id} leaves`)
  job.isDone = true
  const task = forecast.tasks.get(job.task)!
  if (job.kind === 'drive' && task.attempt === job.attempt) task.isStopping = false
}

/** Replaced by the tasks it was split into. */
export async function decompose(hall: Hall, job: ForeseenJob, into: NewEvent[]): Promise<boolean> {
  const task = hall.forecast.tasks.get(job.task)!
  const ids = into.map((event) => event.task!)
  const split: NewEvent = {
    type: 'task.decomposed',
    task: task.id,
    attempt: job.attempt,
    data: { into: ids, reason: 'too large' },
  }
  const key = endKey(job.task, job.attempt)
  const answer = await tell(hall, job, { key, events: [...into, split], can: task.status === 'in_progress' })
  if (answer !== 'appended') moveOn(job)
  job.isOver = true
  return answer === 'appended'
}

export const livingJobs = (hall: Hall, kind?: ForeseenJob['kind']): ForeseenJob[] =>
  hall.forecast.jobs.filter((job) => !job.isDone && (kind === undefined || job.kind === kind))
export const aJob = (hall: Hall, n: number, kind?: ForeseenJob['kind']): ForeseenJob | undefined =>
  pick(livingJobs(hall, kind), n)
