import type { NewEvent } from '../domain/event.ts'
import { endKey, landingJobId } from '../domain/id.ts'
import { settle, type AttemptEnd } from '../domain/settle.ts'
import { isOver, type Task } from '../domain/task.ts'
import type { Durable, Job, Step, Workflow } from '../ports/durable.ts'
import type { Appended, Part, Speaker } from '../ports/ledger.ts'
import type { Crew } from './crew.ts'
import { partsAtWork, partsOf, passedParts } from './parts.ts'
import { rulesFor } from './rules.ts'
import { workOn, type Place } from './work-on.ts'

/** What one run of the workflow stands on. */
interface Driving {
  crew: Crew
  job: Job
  durable: Durable
}

/** One attempt at a task, from its claim to the one event that says how it ended. */
export const driveTask =
  (crew: Crew): Workflow =>
  async (job, durable) => {
    const driving = { crew, job, durable }
    const begun = await durable.step('start', (step) => start(driving, step))
    if (begun !== 'started') return close(driving)
    const place = await durable.step('worktree', (step) => openWorktree(driving, step), 'light')
    const end = typeof place === 'string' ? broken(place) : await workThrough(driving, place)
    if (end === 'moved on') return close(driving)
    const outcome = await durable.step('record', (step) => record(driving, step, end))
    if (outcome === 'moved on') return close(driving)
    if (outcome === 'rests') await durable.step('leave worktree', (step) => leave(driving, step))
  }

const broken = (error: string): AttemptEnd => ({ kind: 'broken', reason: 'failed', error })

/** Sub-tasks first, in order, each with an agent of its own; the task itself last. All in one worktree. */
async function workThrough(driving: Driving, place: Place): Promise<AttemptEnd | 'moved on'> {
  const { crew, job, durable } = driving
  for (let n = 1; ; n++) {
    const next = await durable.step(`next part ${n}`, () => nextPart(driving), 'light')
    const end = await workOn(crew, durable, { ...place, owner: job.task, attempt: job.attempt, task: next })
    if (end === 'moved on' || next === job.task) return end
    const outcome = await durable.step(`${next}: record`, (step) => recordPart(driving, step, { part: next, end }))
    if (outcome !== 'passed') return outcome === 'moved on' ? outcome : inOwnersWords(next, end)
  }
}

/** A failing sub-task takes its parent's attempt with it. */
const inOwnersWords = (part: string, end: AttemptEnd): AttemptEnd =>
  end.kind === 'broken'
    ? { ...end, error: `${part}: ${end.error}` }
    : { ...end, verdict: { ...end.verdict, summary: `${part}: ${end.verdict.summary}` } }

async function nextPart({ crew, job }: Driving): Promise<string> {
  const parts = await partsOf(crew.reading, job.task)
  return parts.find((part) => part.status === 'ready' || part.status === 'in_progress')?.id ?? job.task
}

const speaker = ({ job, durable }: Driving, key: string): Speaker => ({
  kind: 'job',
  key,
  task: job.task,
  attempt: job.attempt,
  holder: durable.holder,
})

async function start(driving: Driving, step: Step): Promise<'started' | 'moved on'> {
  const { crew, job } = driving
  const attempt = await crew.reading.attempt(job.task, job.attempt)
  const event = {
    type: 'task.started',
    task: job.task,
    attempt: job.attempt,
    data: { machine: crew.here.machine, slot: attempt?.slot ?? 0 },
  } as const
  const said = await crew.ledger.append([event], speaker(driving, step.key), step.together('started'))
  return isOurs(said) ? 'started' : 'moved on'
}

const isOurs = ({ outcome }: Appended): boolean => outcome === 'appended' || outcome === 'already'

/** What stands in the way of a worktree is the attempt's failure, in words. */
async function openWorktree(driving: Driving, step: Step): Promise<Place | string> {
  const { crew, job } = driving
  const task = (await crew.reading.task(job.task))!
  const attempt = await crew.reading.attempt(job.task, job.attempt)
  // Reopened after it had landed: this attempt may land once more.
  if (job.attempt > 1 && (await crew.workspace.landed(job.task))) await crew.workspace.unland(job.task)
  const base = await crew.workspace.tip(crew.here.target)
  const fresh = attempt?.fresh === true || (await beginsAnew(crew, task))
  if (fresh) await partsBack(driving, step.key, await passedParts(crew.reading, job.task))
  const worktree = await crew.workspace.at({
    task: job.task,
    attempt: job.attempt,
    base,
    fresh,
    from: task.commit,
  })
  return 'problem' in worktree ? worktree.problem : { base: worktree.base, slot: attempt?.slot ?? 0 }
}

/** An agent that cannot go on from what an earlier attempt concluded starts from the tip; one that was only stopped goes on. */
async function beginsAnew({ reading, driverFor, settings }: Crew, task: Task): Promise<boolean> {
  const agent = task.run === null ? (task.agent ?? settings.agent) : 'command'
  if (task.attempt === 1 || driverFor(agent).abilities.continues) return false
  const last = await reading.attempt(task.id, task.attempt - 1)
  return last !== undefined && last.outcome !== 'task.paused' && last.outcome !== 'task.retried'
}

/** Makes exactly one event of how the attempt ended; landing begins in the same transaction. */
async function record(driving: Driving, step: Step, end: AttemptEnd): Promise<'lands' | 'rests' | 'moved on'> {
  const { crew, job } = driving
  const task = (await crew.reading.task(job.task))!
  const rules = rulesFor(crew, task)
  // What sub-tasks have passed stands in the worktree: the next attempt goes on behind it.
  const fresh = rules.fresh && (await passedParts(crew.reading, job.task)).length === 0
  const events = settle(task, end, { ...rules, fresh }, crew.clock.now())
  const lands = events.length === 1 && events[0]!.type === 'task.passed'
  const beside = function* (): Part {
    yield* step.together(lands ? 'lands' : 'rests', lands ? 'last' : undefined)()
    if (!lands) return
    yield* crew.records.end(job.task, job.attempt, crew.clock.now())
    yield* crew.runtime.start(landingJob(crew, job.task, job.attempt, 1))
  }
  const said = await crew.ledger.append(events, speaker(driving, endKey(job.task, job.attempt)), beside)
  if (said.outcome === 'already')
    await crew.ledger.transact(() => crew.records.end(job.task, job.attempt, crew.clock.now()))
  if (lands) crew.runtime.poke()
  return !isOurs(said) ? 'moved on' : lands ? 'lands' : 'rests'
}

/** The `n`-th time that this attempt's work goes to the landing lane. */
export const landingJob = ({ here }: Pick<Crew, 'here'>, task: string, attempt: number, n: number): Job => ({
  id: n === 1 ? landingJobId(task, attempt) : `${landingJobId(task, attempt)}.${n}`,
  kind: 'land',
  task,
  attempt,
  lane: here.target,
})

/** A part fails for good only with its parent, and asks only through it: otherwise it is ready to be tried again. */
async function recordPart(
  driving: Driving,
  step: Step,
  { part, end }: { part: string; end: AttemptEnd },
): Promise<'passed' | 'failed' | 'moved on'> {
  const { crew, job } = driving
  const [task, parent] = [(await crew.reading.task(part))!, (await crew.reading.task(job.task))!]
  const maxAttempts = parent.attempts + 1 >= parent.maxAttempts ? task.attempts + 1 : Number.MAX_SAFE_INTEGER
  const asks = end.kind === 'judged' && end.verdict.verdict === 'block'
  const now = crew.clock.now()
  const events = asks
    ? [interrupted(task, end.verdict.summary, now)]
    : settle({ ...task, maxAttempts }, end, rulesFor(crew, task), now)
  const passed = events[0]!.type === 'task.passed'
  const said = await crew.ledger.append(
    events,
    speaker(driving, endKey(part, job.attempt)),
    step.together(passed ? 'passed' : 'failed'),
  )
  return !isOurs(said) ? 'moved on' : passed ? 'passed' : 'failed'
}

const interrupted = (task: Task, error: string, now: number): NewEvent => ({
  type: 'task.retried',
  task: task.id,
  attempt: task.attempt,
  data: { reason: 'interrupted', counts: false, notBefore: now, error, verdict: null, fresh: false },
})

/** A person, or another attempt, decided meanwhile. The work is kept, the attempt is over, nothing more is said. */
async function close(driving: Driving): Promise<void> {
  await driving.durable.step('close', async (step) => {
    await partsBack(driving, step.key, await partsAtWork(driving.crew.reading, driving.job.task))
    return leave(driving, step)
  })
}

/** Sub-tasks that are to be worked on again are ready again. */
async function partsBack(driving: Driving, key: string, parts: readonly Task[]): Promise<void> {
  const events = parts.map((part) => interrupted(part, 'its parent begins again', driving.crew.clock.now()))
  if (events.length > 0) await driving.crew.ledger.append(events, speaker(driving, `${key}/parts`))
}

/** A worktree is free for others once nobody will go on in it. Until then the attempt is not over: the next one may want it. */
async function leave({ crew, job }: Driving, step: Step): Promise<'left' | 'kept'> {
  const task = await crew.reading.task(job.task)
  const isLeft = task !== undefined && (isOver(task) || (task.status === 'ready' && task.fresh))
  if (isLeft) await crew.workspace.release(job.task)
  const answer = isLeft ? 'left' : 'kept'
  await crew.ledger.transact(function* () {
    yield* crew.records.end(job.task, job.attempt, crew.clock.now())
    yield* step.together(answer, 'last')()
  })
  return answer
}
