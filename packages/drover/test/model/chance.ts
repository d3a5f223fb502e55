import assert from 'node:assert/strict'
import { jobId } from '../../src/domain/id.ts'
import { liftCheckouts } from '../../src/flow/lift.ts'
import { sweep } from '../../src/flow/sweep.ts'
import { created, hand } from '../support/drafts.ts'
import { add, bestReady, isAtWork, partsOf, put, settleNeeds } from './forecast.ts'
import * as foresee from './foresee-machines.ts'
import { agree, byJob, byMachine, type Dice, type Hall, holderOf, jobDone, newId, pick, statement } from './hall.ts'
import { landOn } from './landing.ts'
import { aJob, decompose, livingJobs, work } from './machines.ts'

/** A slot is free: it gets the best ready task, and a job in the same transaction. */
export async function claim(hall: Hall, { a, b, c }: Dice): Promise<boolean> {
  const { forecast, ledger, crew } = hall
  const agents = a % 3 === 2 ? [] : ['claude']
  const epic = b % 6 === 5 ? (pick([...forecast.epics.keys()], b) ?? null) : null
  const holder = holderOf(hall)
  const best = bestReady(forecast, { agents, epic })
  const wanted = {
    machine: 'm',
    slot: 1 + (c % 4),
    epic,
    hands: agents.map((agent) => hand(agent)),
    defaultAgent: 'claude',
    now: forecast.now,
  }
  const real = await ledger.claim(wanted, ({ id, attempt }) =>
    crew.runtime.start({ id: jobId(id, attempt), kind: 'drive', task: id, attempt, lane: null }),
  )
  agree(hall, `claim in ${epic ?? 'all'} by ${agents.join() || 'commands'}`, best?.id ?? 'nobody', real?.id ?? 'nobody')
  if (!best) return false
  const { attempt, fresh } = foresee.claim(forecast, best, holder)
  const row = await hall.reading.attempt(best.id, attempt)
  assert.deepEqual([real?.attempt, row?.fresh, row?.holder], [attempt, fresh, holder])
  return true
}

export async function advance(hall: Hall, job: ReturnType<typeof aJob>, dice: Dice): Promise<void> {
  if (!job) return
  await (job.kind === 'land' && !job.isOver ? landOn(hall, job, dice) : work(hall, job, dice))
}

/** The machine dies: the next start of it speaks for all its jobs. */
async function die(hall: Hall): Promise<void> {
  const { forecast, ledger, records } = hall
  const holder = `h${hall.holders.length}`
  hall.holders.push(holder)
  hall.diary.push(`the machine dies, ${holder} takes over`)
  await ledger.transact(function* () {
    for (const job of livingJobs(hall)) {
      yield statement`update job set holder = ${holder} where id = ${job.id}`
      yield* records.hold(job.task, job.attempt, holder)
    }
  })
  for (const job of livingJobs(hall)) {
    const task = forecast.tasks.get(job.task)!
    if (task.attempt === job.attempt) task.holder = holder
  }
}

/** A machine that was taken for dead speaks: it is not heard, and nothing changes. */
async function zombie(hall: Hall, { a, b, c }: Dice): Promise<void> {
  const { forecast, ledger } = hall
  const job = pick(forecast.jobs, a)
  if (!job) return
  const holder = pick(hall.holders, b)!
  const task = forecast.tasks.get(job.task)!
  const key = `${job.id}/late ${++hall.count}`
  const foreseen = foresee.hears(forecast, job, key, holder)
  if (foreseen === undefined) return
  const about = { task: job.task, attempt: job.attempt }
  const events = [
    { type: 'task.started', ...about, data: { machine: 'm', slot: 1 } },
    { type: 'task.completed', ...about, data: { commit: null } },
    { type: 'landing.landed', ...about, data: { commit: 'late', from: 'tip', branch: 'main', n: 1 } },
    {
      type: 'agent.session',
      ...about,
      data: { session: 'late', agent: 'claude', account: null, model: null, version: null },
    },
  ] as const
  const answer = await ledger.append([pick(events, c)!], byJob(job, key, holder))
  agree(hall, `${holder} of ${job.id} speaks of ${task.id}, which is at ${task.attempt}`, foreseen, answer.outcome)
}

/** An agent speaks with the token of its attempt: heard until that attempt is over. */
async function report(hall: Hall, { a, b }: Dice): Promise<void> {
  const { forecast, ledger } = hall
  const job = pick(forecast.jobs, a)
  if (!job) return
  const task = forecast.tasks.get(job.task)!
  const request = `report ${b % 3}`
  const key = `${job.task}/${job.attempt}/said/${request}`
  const isHeard = task.attempt === job.attempt && task.isStopping
  const foreseen = forecast.said.has(key) ? 'already' : isHeard ? 'appended' : 'stale'
  const data = { label: 'on it', phase: '', detail: '' }
  const answer = await ledger.append([{ type: 'task.progress', task: job.task, attempt: job.attempt, data }], {
    kind: 'agent',
    task: job.task,
    attempt: job.attempt,
    request,
  })
  agree(hall, `the agent of ${job.id} reports`, foreseen, answer.outcome)
  if (foreseen === 'appended') forecast.said.add(key)
}

/** Whatever was said is said again, word for word: the answer is the first one, and nothing happens twice. */
async function repeat(hall: Hall, { a }: Dice): Promise<void> {
  const told = pick(hall.told, a)
  if (!told) return
  const before = await hall.reading.lastSeq()
  const again = await hall.ledger.append(told.events, told.by, () => assert.fail('nothing is written beside it'))
  const first = 'events' in told.answer ? told.answer.events.map(({ seq }) => seq) : []
  const events = 'events' in again ? again.events : []
  agree(hall, `again: ${told.events.map(({ type }) => type).join(', ')}`, 'already', again.outcome)
  assert.deepEqual(
    events.map(({ key }) => key.split('#')[0]),
    events.map(() => events[0]!.key),
  )
  assert.ok(events.length === told.events.length && events.every(({ seq }) => first.includes(seq)))
  assert.equal(await hall.reading.lastSeq(), before)
}

/** A job that nobody knows any more: its attempt is lost, and found so. */
async function vanish(hall: Hall, { a }: Dice): Promise<void> {
  const { forecast } = hall
  const lost = livingJobs(hall, 'drive').filter((job) => {
    const task = forecast.tasks.get(job.task)!
    return isAtWork(task) && task.attempt === job.attempt
  })
  const job = pick(lost, a)
  if (!job) return
  hall.diary.push(`${job.id} vanishes`)
  await hall.ledger.transact(() => jobDone(job.id))
  job.isDone = true
  await sweepAll(hall)
}

export async function sweepAll(hall: Hall): Promise<void> {
  foresee.sweep(hall.forecast, holderOf(hall))
  hall.diary.push(`sweep: ${await sweep(hall.crew)}`)
}

/** Nothing stands in the checkout any more. */
async function lift(hall: Hall): Promise<void> {
  const waiting = [...hall.forecast.tasks.values()].filter(
    (task) => task.status === 'blocked' && task.reason === 'checkout',
  )
  for (const task of waiting) put(task, 'landing')
  agree(hall, 'lift', String(waiting.length), String(await liftCheckouts(hall.crew)))
}

async function split(hall: Hall, { a, b, c }: Dice): Promise<void> {
  const { forecast } = hall
  const job = aJob(hall, a, 'drive')
  if (!job?.isBegun || job.isOver || partsOf(forecast, job.task).length > 0) return
  const parent = forecast.tasks.get(job.task)!
  const ids = Array.from({ length: 1 + (b % 2) }, () => newId(hall))
  const needs = ids.map((_, n) => (n > 0 && c % 2 ? [ids[n - 1]!] : []))
  const about = { kind: 'split', parentId: parent.id } as const
  const events = ids.map((id, n) => created(id, {}, { ...about, needs: needs[n]! }))
  if (!(await decompose(hall, job, events))) return
  for (const [n, id] of ids.entries())
    add(forecast, {
      id,
      kind: 'split',
      parent: parent.id,
      priority: 5,
      max: 3,
      scope: [],
      epic: null,
      isCommand: true,
      byHand: false,
      needs: new Set(needs[n]),
    })
  put(parent, 'decomposed')
  parent.into = ids
  settleNeeds(forecast)
}

async function meet(hall: Hall, { a, b }: Dice): Promise<void> {
  const name = `m${a % 2}`
  const joined = { type: 'machine.joined', data: { machine: name, slots: b, pid: a } } as const
  await hall.ledger.append([b % 2 ? joined : { type: 'machine.left', data: { machine: name } }], byMachine(hall))
}

async function pass(hall: Hall, { a }: Dice): Promise<void> {
  hall.forecast.now += [1, 400, 1_000, 3_000, 10_000, 0, -50][a % 7]!
  hall.diary.push(`it is ${hall.forecast.now}`)
}

export const machines: Record<string, (hall: Hall, dice: Dice) => Promise<unknown>> = {
  claim,
  drive: (hall, dice) => advance(hall, aJob(hall, dice.a, 'drive'), dice),
  land: (hall, dice) => advance(hall, aJob(hall, dice.a, 'land'), dice),
  die,
  zombie,
  report,
  repeat,
  vanish,
  sweep: sweepAll,
  lift,
  split,
  meet,
  pass,
}
