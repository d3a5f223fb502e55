import type { CheckoutMove, NewEvent } from '../domain/event.ts'
import { settleRefusal } from '../domain/settle.ts'
import { isOver, type Task } from '../domain/task.ts'
import type { Durable, Job, Step, Workflow } from '../ports/durable.ts'
import type { Appended, Part } from '../ports/ledger.ts'
import type { Blocker, Gate } from '../ports/workspace.ts'
import type { Crew } from './crew.ts'
import { buildMerge, type Built, type Merged } from './build-merge.ts'
import { passedParts } from './parts.ts'
import { rulesFor } from './rules.ts'
import { isAway, untilThere } from './travel.ts'

type Round = { job: Job; durable: Durable; n: number; name: (step: string) => string }

/** Brings an attempt's commits on to the target: merged without a checkout, gated, intended, swapped. One at a time per branch. */
export const driveLanding =
  (crew: Crew): Workflow =>
  async (job, durable) => {
    for (let tries = 1; ; tries++) {
      const name = (step: string): string => (tries === 1 ? step : `${step} ${tries}`)
      const round = { job, durable, name, n: landingOf(job) }
      if ((await tryToLand(crew, round)) !== 'moved') return
    }
  }

/** `task/2/land.3` is the third landing of attempt 2. */
const landingOf = (job: Job): number => Number(/\/land\.(\d+)$/.exec(job.id)?.[1] ?? 1)

/** One try on one tip. `moved`: somebody else moved the branch meanwhile, so the merge is built again. */
async function tryToLand(crew: Crew, round: Round): Promise<'over' | 'moved'> {
  const { durable, name } = round
  const built = await durable.step(name('merge'), (step) => mergeOnTip(crew, round.job, step), 'light')
  if (built.kind !== 'merged') return withoutMerge(crew, round, built)
  const gated = crew.settings['land.gate'] === '' ? undefined : await gate(crew, round, built)
  if (gated === 'gone') return goneOut(crew, round)
  if (gated && !gated.passed) return refuse(crew, round, 'gate', redGate(crew, gated))
  const final = gated
    ? await durable.step(name('write evidence'), () => buildMerge(crew, round.job, gated.evidence), 'light')
    : built
  if (final.kind !== 'merged' || final.tree !== built.tree) return 'moved'
  const way = await durable.step(
    name('look at checkouts'),
    () => crew.workspace.checkouts(crew.here.target, final.tip, final.commit),
    'light',
  )
  if (way.blockers.length > 0) return standInWay(crew, round, final, way.blockers)
  return swap(crew, round, final, way.moves)
}

/** On the branch as it is now. Until the remote says where that is, there is nothing to land on. */
async function mergeOnTip(crew: Crew, job: Job, step: Step): Promise<Built> {
  const { signal } = step
  const known = await untilThere(crew, job.task, signal, () =>
    crew.workspace.refresh(crew.here.target, job.task, signal),
  )
  if (isAway(known)) step.endIfStopping()
  // A person took it out of the lane meanwhile, and that is found below.
  return buildMerge(crew, job)
}

/** The merge is noted, so that it can be looked at again without being built. */
async function standInWay(crew: Crew, round: Round, built: Merged, blockers: readonly Blocker[]): Promise<'over'> {
  const { tip, tree, commit } = built
  await tell(crew, round, {
    step: 'note merge',
    events: [about(round.job, { type: 'landing.merged', data: { tip, tree, commit, n: round.n } })],
  })
  return refuse(crew, round, 'checkout', blockedBy(blockers, round.job.task))
}

function withoutMerge(crew: Crew, round: Round, built: Exclude<Built, Merged>): Promise<'over'> | 'over' {
  if (built.kind === 'landed') return finish(crew, round, built.commit, built.from)
  if (built.kind === 'empty') return complete(crew, round)
  return built.kind === 'gone' ? goneOut(crew, round) : refuse(crew, round, built.kind, built.detail)
}

/** A person took the task out of the lane; when it is over, nobody needs its worktree. */
async function goneOut(crew: Crew, round: Round): Promise<'over'> {
  const task = await crew.reading.task(round.job.task)
  if (task && isOver(task)) await leave(crew, round)
  return 'over'
}

const blockedBy = (blockers: readonly Blocker[], task: string): string =>
  blockers
    .map(({ path, files, why }) =>
      why === undefined
        ? `${path} has changes in ${files.slice(0, 10).join(', ')}: commit or stash them, then \`drover land ${task}\``
        : `${path} ${why}, then \`drover land ${task}\``,
    )
    .join('; ')

const atWork = 'is held by a git command (.git/index.lock): let it end, or remove that file if none runs'

async function gate(crew: Crew, round: Round, built: Merged): Promise<Gate | 'gone'> {
  const { job, durable, name, n } = round
  const logFile = `${crew.here.folderOf(job.task, job.attempt)}/gate-${n}.log`
  const wanted = {
    commit: built.commit,
    command: crew.settings['land.gate'],
    timeoutMs: crew.settings['land.gate_timeout'],
    logFile,
    fresh: crew.settings['land.gate_fresh'],
  }
  const gated = await durable.step(name('gate'), async (step) => {
    const answer = await crew.workspace.gate(wanted, step.signal)
    if (!answer.passed) step.endIfStopping() // a gate that drover's own end cut short says nothing of the work
    return answer
  })
  const { passed, evidence, log, durationMs } = gated
  const told = await tell(crew, round, {
    step: 'note gate',
    events: [
      about(job, {
        type: 'landing.gated',
        data: { tree: built.tree, passed, evidence, log, durationMs: Math.round(durationMs), n },
      }),
    ],
  })
  return told ? gated : 'gone'
}

const redGate = ({ settings }: Crew, { exitCode, tail }: Gate): string =>
  `the gate \`${settings['land.gate']}\` ended with ${exitCode ?? 'a signal or its time limit'}${tail.trim() === '' ? '' : `: ${tail.trim().slice(-2000)}`}`

/** The intent comes first, with the checkouts that must follow; then one compare-and-swap decides. */
async function swap(crew: Crew, round: Round, built: Merged, checkouts: CheckoutMove[]): Promise<'over' | 'moved'> {
  const { job, durable, name, n } = round
  const branch = crew.here.target
  const intended = about(job, {
    type: 'landing.intended',
    data: { commit: built.commit, from: built.tip, branch, checkouts, n },
  })
  if (!(await tell(crew, round, { step: 'intend', events: [intended] }))) return goneOut(crew, round)
  const moved = await durable.step(
    name('move branch'),
    async (step) => {
      const wanted = { task: job.task, branch, from: built.tip, to: built.commit, checkouts }
      const answer = await untilThere(crew, job.task, step.signal, () => crew.workspace.move(wanted))
      if (isAway(answer)) step.endIfStopping()
      return answer
    },
    'light',
  )
  if (moved.outcome === 'moved') {
    const refused = about(job, {
      type: 'landing.refused',
      data: { reason: 'moved', detail: `${branch} moved meanwhile`, n },
    })
    return (await tell(crew, round, { step: 'note move', events: [refused] })) ? 'moved' : 'over'
  }
  if (moved.outcome === 'locked') {
    const held = checkouts.map(({ path }) => ({ path, files: [], why: atWork }))
    return standInWay(crew, round, built, held)
  }
  if (moved.outcome === 'refused') return refuse(crew, round, 'review', notTaken(branch, moved.words, job.task))
  if (moved.outcome === 'away') throw new Error(`whether it landed is not known: ${moved.away}`)
  if (moved.outcome === 'fenced') throw new Error('a newer drover has taken over this repository')
  await durable.step(name('move checkouts'), () => crew.workspace.follow(checkouts), 'light')
  return finish(crew, round, built.commit, built.tip)
}

const notTaken = (branch: string, words: string, id: string): string =>
  `the remote does not take it on ${branch}: ${words}; once it may, \`drover resolve ${id}\``

async function finish(crew: Crew, round: Round, commit: string, from: string): Promise<'over'> {
  const { job, n } = round
  const landed = about(job, { type: 'landing.landed', data: { commit, from, branch: crew.here.target, n } })
  await leave(crew, round)
  await tell(crew, round, { step: 'record', events: [landed, ...(await completions(crew, job, commit))], last: 'last' })
  return 'over'
}

const complete = async (crew: Crew, round: Round): Promise<'over'> => {
  await leave(crew, round)
  await tell(crew, round, { step: 'record', events: await completions(crew, round.job, null), last: 'last' })
  return 'over'
}

/** The task, and before it the sub-tasks that passed with it. */
async function completions({ reading }: Crew, job: Job, commit: string | null): Promise<NewEvent[]> {
  const parts = (await passedParts(reading, job.task)).map(({ id }) => id)
  return [...parts, job.task].map((task) => ({ type: 'task.completed', task, attempt: job.attempt, data: { commit } }))
}

/** Back to its own agent with the evidence, or to a person; in the transaction that says it was refused. */
async function refuse(
  crew: Crew,
  round: Round,
  reason: 'conflict' | 'gate' | 'review' | 'checkout',
  detail: string,
): Promise<'over'> {
  const { job, n } = round
  const task = (await crew.reading.task(job.task))!
  const refused = about(job, { type: 'landing.refused', data: { reason, detail, n } })
  const next = consequence(crew, task, reason, detail)
  // Before it is ready again: a worktree that is left later could be the one its next attempt works in.
  if (next.type === 'task.retried' && next.data.fresh) await leave(crew, round)
  await tell(crew, round, { step: 'record', events: [refused, next] })
  return 'over'
}

function consequence(
  crew: Crew,
  task: Task,
  reason: 'conflict' | 'gate' | 'review' | 'checkout',
  detail: string,
): NewEvent {
  if (reason === 'conflict' || reason === 'gate')
    return settleRefusal(task, { reason, detail }, rulesFor(crew, task), crew.clock.now())
  return {
    type: 'task.blocked',
    task: task.id,
    attempt: task.attempt,
    data: { reason, note: detail, counts: false, verdict: null },
  }
}

interface Telling {
  step: string
  events: NewEvent[]
  last?: 'last'
}

/** Appends as this landing's step. False when the task is not in this landing any more: a person took it out. */
async function tell(crew: Crew, { job, durable, name }: Round, { step, events, last }: Telling): Promise<boolean> {
  return durable.step(name(step), async (here: Step) => {
    const by = { kind: 'job' as const, key: here.key, task: job.task, attempt: job.attempt, holder: durable.holder }
    const beside = function* (): Part {
      yield* here.together(true, last)()
    }
    return isOurs(await crew.ledger.append(events, by, beside))
  })
}

const isOurs = ({ outcome }: Appended): boolean => outcome === 'appended' || outcome === 'already'

type Said = { [T in NewEvent['type']]: { type: T; data: Extract<NewEvent, { type: T }>['data'] } }[NewEvent['type']]
const about = (job: Job, said: Said): NewEvent => ({ ...said, task: job.task, attempt: job.attempt }) as NewEvent

/** The work is on the branch, or the next attempt begins anew: nobody goes on in this worktree. */
const leave = (crew: Crew, { job, durable }: Round): Promise<string> =>
  durable.step(
    'leave worktree',
    async () => {
      await crew.workspace.release(job.task)
      return 'left'
    },
    'light',
  )
