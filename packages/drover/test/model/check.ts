import assert from 'node:assert/strict'
import type { Event } from '../../src/domain/event.ts'
import { born, evolve } from '../../src/domain/evolve.ts'
import type { Task, TaskStatus } from '../../src/domain/task.ts'
import { openSqlite } from '../../src/ledger/open.ts'
import type { Ledger, Part } from '../../src/ports/ledger.ts'
import { again, operational, told } from '../support/rebuild.ts'
import { openNeeds } from './forecast.ts'
import { type Hall } from './hall.ts'

/** Every task stands as it was foreseen, and so do its needs and its jobs. */
export async function compare(hall: Hall): Promise<Task[]> {
  const { forecast, reading, runtime } = hall
  const tasks = await reading.tasks({})
  const seen = tasks.map((task) => ({
    id: task.id,
    kind: task.kind,
    parent: task.parentId,
    priority: task.priority,
    max: task.maxAttempts,
    scope: task.scope,
    status: task.status,
    reason: task.blockedReason,
    rest: task.rest && { status: task.rest.status, reason: task.rest.reason },
    openNeeds: task.openNeeds,
    attempt: task.attempt,
    attempts: task.attempts,
    lost: task.lostInARow,
    notBefore: task.notBefore,
    fresh: task.fresh,
    commit: task.commit,
    approved: task.approved,
    landed: task.landedCommit,
    landings: task.landings,
  }))
  const foreseen = [...forecast.tasks.values()].map((task, n) => {
    const keys = Object.keys(seen[n] ?? {}) as (keyof typeof task)[]
    const picked = Object.fromEntries(keys.map((key) => [key, task[key]]))
    return { ...picked, openNeeds: openNeeds(forecast, task).length }
  })
  assert.deepEqual(seen, foreseen)
  assert.deepEqual(
    (await runtime.living()).map(({ id }) => id).toSorted(),
    forecast.jobs
      .filter((job) => !job.isDone)
      .map(({ id }) => id)
      .toSorted(),
  )
  oneAtATime(hall)
  return tasks
}

/** Two agents never meet: no task has two living attempts, and none begins before the last one is over. */
function oneAtATime({ forecast }: Hall): void {
  const living = forecast.jobs.filter((job) => job.kind === 'drive' && !job.isDone)
  assert.equal(new Set(living.map(({ task }) => task)).size, living.length)
}

/** Where a task may go from where it is, whatever the event; what is over is left by reopening alone. */
const ways: Record<TaskStatus, readonly TaskStatus[]> = {
  ready: ['claimed', 'in_progress', 'blocked', 'paused', 'cancelled'],
  blocked: ['ready', 'landing', 'paused', 'cancelled'],
  claimed: ['in_progress', 'ready', 'blocked', 'failed', 'paused', 'cancelled'],
  in_progress: ['landing', 'ready', 'blocked', 'failed', 'decomposed', 'paused', 'cancelled'],
  landing: ['completed', 'ready', 'blocked', 'paused', 'cancelled'],
  paused: ['ready', 'blocked', 'landing', 'cancelled'],
  decomposed: ['completed', 'cancelled'],
  completed: ['ready', 'blocked'],
  failed: ['ready', 'blocked'],
  cancelled: ['ready', 'blocked'],
}

/** The story so far, told again by the pure functions alone: it gives the tasks, and it is a legal one. */
export async function retell(hall: Hall, tasks: readonly Task[]): Promise<void> {
  const { folded, reading } = hall
  for (;;) {
    const events = await reading.events(folded.seq, {}, 500)
    if (events.length === 0) break
    for (const event of events) take(hall, event)
  }
  assert.deepEqual(tasks, [...folded.tasks.values()])
}

function take({ folded }: Hall, event: Event): void {
  assert.equal(event.seq, folded.seq + 1, 'the story has no gap')
  folded.seq = event.seq
  if (event.task === undefined) return
  const before = folded.tasks.get(event.task)
  const after = event.type === 'task.created' ? born(event, 0) : evolve(before!, event)
  folded.tasks.set(event.task, after)
  countNeeds(folded, event)
  if (!before) return
  if (before.status !== after.status) {
    const isLegal = ways[before.status].includes(after.status)
    assert.ok(isLegal, `${event.task} went from ${before.status} to ${after.status} by ${event.type}`)
    if (['completed', 'failed', 'cancelled'].includes(before.status)) assert.equal(event.type, 'task.reopened')
  }
  countLandings(folded, event, before, after)
}

function countNeeds({ tasks, needs }: Hall['folded'], event: Event): void {
  const own = needs.get(event.task!) ?? new Set()
  needs.set(event.task!, own)
  if (event.type === 'task.created') for (const need of event.data.needs) own.add(need)
  if (event.type === 'task.edited') {
    for (const need of event.data.removeNeeds) own.delete(need)
    for (const need of event.data.addNeeds) own.add(need)
  }
  if (!['task.created', 'task.edited', 'task.completed', 'task.reopened'].includes(event.type)) return
  for (const [id, wanted] of needs) {
    const task = tasks.get(id)!
    const open = [...wanted].filter((need) => tasks.get(need)?.status !== 'completed').length
    const isNew = id === event.task && event.type === 'task.created' && open > 0 && task.status === 'ready'
    tasks.set(id, { ...task, openNeeds: open, ...(isNew ? { status: 'blocked', blockedReason: 'needs' } : {}) })
  }
}

/** Work reaches the branch once for each time that a task is completed, and never for one that is not. */
function countLandings({ landed }: Hall['folded'], event: Event, before: Task, after: Task): void {
  const id = event.task!
  if (event.type === 'landing.landed') landed.set(id, (landed.get(id) ?? 0) + 1)
  if (event.type === 'task.reopened' && before.status === 'completed') landed.set(id, 0)
  if (after.kind === 'subtask') return
  const wanted =
    after.status === 'completed' && after.landedCommit !== null ? 1 : event.type === 'landing.landed' ? 1 : 0
  assert.equal(landed.get(id) ?? 0, wanted, `${id} landed ${landed.get(id)} times and is ${after.status}`)
}

type Tables = Record<string, Record<string, unknown>[]>

/** Every table, column by column but for the operational ones, is what its events say. */
export async function rebuildAll(hall: Hall): Promise<void> {
  const create = { project: 'p', target: 'main' }
  const { ledger } = await openSqlite({ file: ':memory:', machine: 'rebuilt', now: () => 0, create })
  try {
    for (let after = 0; ;) {
      const events = await hall.reading.events(after, {}, 500)
      if (events.length === 0) break
      await ledger.transact(function* () {
        for (const event of events) yield* again(event)
      })
      after = events.at(-1)!.seq
    }
    const [rebuilt, tables] = [await tablesOf(ledger), await tablesOf(hall.ledger)]
    for (const name of told) assert.deepEqual(rebuilt[name], tables[name], `the table ${name}`)
  } finally {
    await ledger.close()
  }
}

const tablesOf = (ledger: Ledger): Promise<Tables> =>
  ledger.ask(function* (): Part<Tables> {
    const tables: Tables = {}
    for (const name of told) {
      const rows = yield { texts: [`select * from ${name}`], values: [] }
      tables[name] = rows
        .map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => !operational.has(column))))
        .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    }
    return tables
  })
