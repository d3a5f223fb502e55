import { endKey, landingJobId } from '../domain/id.ts'
import { interrupted, settle, settlePart, withParts, type AttemptEnd } from '../domain/settle.ts'
import { isOver, type Task } from '../domain/task.ts'
import { passed, verdictOf } from '../domain/verdict.ts'
import type { Durable, Job, Step, Workflow } from '../ports/durable.ts'
import type { Appended, Part, Speaker } from '../ports/ledger.ts'
import { withReset } from './accounts.ts'
import type { Crew } from './crew.ts'
import { openPart, partsAtWork, partsOf, passedParts } from './parts.ts'
import { resolution } from './resolution.ts'
import { rulesFor } from './rules.ts'
import { onlyWaited } from './said.ts'
import { isAway, untilThere } from './travel/until-there.ts'
import { whoStopped } from './who-stopped.ts'
import { workOn, type Place } from './work-on.ts'
import { markOf, type Work } from './work.ts'

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
    const end = 'slot' in place ? await workThrough(driving, place) : endOf(place)
    if (end === 'moved on') return close(driving)
    const outcome = await durable.step('record', (step) => record(driving, step, end))
    if (outcome === 'moved on') return close(driving)
    if (outcome === 'rests') await durable.step('leave worktree', (step) => leave(driving, step))
  }

const endOf = ({ end, words }: Unready): AttemptEnd | 'moved on' =>
  end === 'moved on' ? end : { kind: 'broken', reason: end, error: words }

/**
 * Sub-tasks first, in order, each with an agent of its own; the task itself last. All in one worktree. Those that were added
 * while the task itself was worked on come then; one that is set aside is waited for, because nobody goes on with it later.
 */
async function workThrough(driving: Driving, place: Place): Promise<AttemptEnd | 'moved on'> {
  const { crew, job, durable } = driving
  let own: AttemptEnd | undefined
  for (let n = 1; ; n++) {
    const next = await durable.step(`next part ${n}`, () => nextPart(driving), 'light')
    if (typeof next !== 'string') return asksFor(next.setAside)
    if (next === job.task && own) return own
    const work = { ...place, owner: job.task, attempt: job.attempt, task: next }
    const end = await workOn(crew, durable, work, (step) => reopen(driving, step, work))
    if (end === 'moved on') return end
    if (next === job.task) {
      if (end.kind !== 'judged' || !passed(end.verdict)) return end
      own = end
      continue
    }
    own = undefined
    const outcome = await durable.step(`${next}: record`, (step) => recordPart(driving, step, { part: next, end }))
    if (outcome === 'open again') return { kind: 'broken', reason: 'interrupted', error: `${next} is to be done again` }
    if (outcome !== 'passed') return outcome === 'moved on' ? outcome : inOwnersWords(next, end)
  }
}

/** A person set a part aside: only a person knows when it goes on. */
const asksFor = (part: string): AttemptEnd => {
  const words = `${part} is paused: \`drover resume ${part}\` first`
  return { kind: 'judged', verdict: verdictOf('block', 'drover', words), commit: null, base: null, subjects: [] }
}

/** A failing sub-task takes its parent's attempt with it. */
const inOwnersWords = (part: string, end: AttemptEnd): AttemptEnd =>
  end.kind === 'judged'
    ? { ...end, verdict: { ...end.verdict, summary: `${part}: ${end.verdict.summary}` } }
    : 'error' in end
      ? { ...end, error: `${part}: ${end.error}` }
      : end

async function nextPart({ crew, job }: Driving): Promise<string | { setAside: string }> {
  const next = openPart(await partsOf(crew.reading, job.task))
  return next?.status === 'paused' ? { setAside: next.id } : (next?.id ?? job.task)
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

interface Unready {
  end: 'failed' | 'interrupted' | 'moved on'
  words: string
}

/** What stands in the way of a worktree is the attempt's failure, in words; unless it was stopped while it was made ready. */
async function openWorktree(driving: Driving, step: Step, isAgain = false): Promise<Place | Unready> {
  const { crew, job } = driving
  const task = (await crew.reading.task(job.task))!
  const attempt = await crew.reading.attempt(job.task, job.attempt)
  const look = () => crew.workspace.refresh(crew.here.target, job.task, step.signal)
  const known = await untilThere(crew, job.task, step.signal, look)
  if (isAway(known)) return whoStopped(crew, { owner: job.task, attempt: job.attempt })
  // Reopened after it had landed: this attempt may land once more.
  if (job.attempt > 1 && known.landed !== null) await crew.workspace.unland(job.task)
  const base = await crew.workspace.tip(crew.here.target)
  const missing = await missingNeed(crew, job.task, base)
  if (missing) return { end: 'failed', words: missing }
  const fresh = !isAgain && (attempt?.fresh === true || (await beginsAnew(crew, task)))
  if (fresh) await partsBack(driving, step.key, await passedParts(crew.reading, job.task))
  const { commit: from, startsFrom } = task
  const wanted = { task: job.task, attempt: job.attempt, base, fresh, from, startsFrom }
  const worktree = await crew.workspace.at(wanted, step.signal)
  if (!('problem' in worktree)) return { base: worktree.base, slot: attempt?.slot ?? 0 }
  if (!step.signal.aborted) return { end: 'failed', words: worktree.problem }
  return whoStopped(crew, { owner: job.task, attempt: job.attempt })
}

/** Another machine may have opened it, and have got as far as this part: what was kept then is what the rest goes on from. */
async function reopen(driving: Driving, step: Step, work: Work): Promise<Unready | undefined> {
  const { workspace, system, here } = driving.crew
  if (await workspace.find(work.owner)) return undefined
  const { state } = await system.look(here.folderOf(work.task, work.attempt), markOf(driving.crew, work))
  if (state !== 'absent') return undefined // its agent was at work here, and may have taken the worktree away itself
  const opened = await openWorktree(driving, step, true)
  return 'end' in opened ? opened : undefined
}

/** A person may have taken back what this task needs. Without it nobody should begin. */
async function missingNeed({ reading, workspace, here }: Crew, id: string, base: string): Promise<string | undefined> {
  const needs = (await reading.needsOf(id)).filter(({ status }) => status === 'completed')
  const met = await Promise.all(needs.map((need) => reading.task(need.id)))
  const landed = met.flatMap((need) => (need?.landedCommit ? [{ task: need.id, commit: need.landedCommit }] : []))
  const [missing] = await workspace.lacking(base, landed)
  const commit = landed.find(({ task }) => task === missing)?.commit.slice(0, 12)
  return missing === undefined
    ? undefined
    : `it needs ${missing}, whose work ${commit} is not on ${here.target} any more: \`drover retry ${missing} --force\` does it again, then \`drover retry ${id}\``
}

/** An agent that cannot go on from what an earlier attempt concluded starts from the tip; one that was only stopped goes on. */
async function beginsAnew({ reading, driverFor, settings }: Crew, task: Task): Promise<boolean> {
  const agent = task.run === null ? (task.agent ?? settings.agent) : 'command'
  if (task.attempt === 1 || driverFor(agent).abilities.continues) return false
  const last = await reading.attempt(task.id, task.attempt - 1)
  if (last === undefined || last.outcome === 'task.paused' || last.outcome === 'task.retried') return false
  return !(await onlyWaited(reading, task.id, last.attempt))
}

/** Makes exactly one event of how the attempt ended; landing begins in the same transaction. */
async function record(driving: Driving, step: Step, end: AttemptEnd): Promise<'lands' | 'rests' | 'moved on'> {
  const { crew, job } = driving
  const task = (await crew.reading.task(job.task))!
  const rules = rulesFor(crew, task)
  const ended = await withReset(crew, end)
  // What sub-tasks have passed stands in the worktree: the next attempt goes on behind it.
  const parts = await passedParts(crew.reading, job.task)
  const fresh = rules.fresh && parts.length === 0
  const events =
    (await resolution(crew, task, end)) ?? withParts(settle(task, ended, { ...rules, fresh }, crew.clock.now()), parts)
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

async function recordPart(
  driving: Driving,
  step: Step,
  { part, end }: { part: string; end: AttemptEnd },
): Promise<'passed' | 'failed' | 'open again' | 'moved on'> {
  const { crew, job } = driving
  const task = (await crew.reading.task(part))!
  const events = settlePart(task, end, { rules: rulesFor(crew, task), now: crew.clock.now() })
  const hasPassed = events[0]!.type === 'task.passed'
  const said = await crew.ledger.append(
    events,
    speaker(driving, endKey(part, job.attempt)),
    step.together(hasPassed ? 'passed' : 'failed'),
  )
  if (!isOurs(said)) return 'moved on'
  // It passed in this attempt already, and somebody has opened it since: only another attempt can do it again.
  if (said.outcome === 'already' && hasPassed && openPart([(await crew.reading.task(part))!])) return 'open again'
  return hasPassed ? 'passed' : 'failed'
}

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
  const isLeft =
    task !== undefined && (isOver(task) || task.status === 'decomposed' || (task.status === 'ready' && task.fresh))
  if (isLeft) await crew.workspace.release(job.task)
  const answer = isLeft ? 'left' : 'kept'
  await crew.ledger.transact(function* () {
    yield* crew.records.end(job.task, job.attempt, crew.clock.now())
    yield* step.together(answer, 'last')()
  })
  return answer
}
