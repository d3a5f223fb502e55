import { adds } from '../domain/account.ts'
import { move } from '../domain/moves.ts'
import type { Event, Facts, NewEvent } from '../domain/event.ts'
import type { Task } from '../domain/task.ts'
import type { Appended, Hear, Part, Speaker } from '../ports/ledger.ts'
import { accountNamed } from './accounts.ts'
import { apply } from './apply.ts'
import { bear, grouped, isBirth } from './births.ts'
import { decodeEvent } from './columns.ts'
import { all, one, run, sql } from './sql.ts'
import { taskById } from './apply-task.ts'

export interface Said {
  events: readonly NewEvent[]
  by: Speaker
  at: number
  machine: string
  hear?: Hear | undefined
}

/** Thrown to roll back; caught where the transaction began. */
export class Refused extends Error {
  readonly answer: Appended
  constructor(answer: Appended) {
    super(answer.outcome)
    this.answer = answer
  }
}

/** The one way to change a task: events and what they do to their tasks, or nothing. */
export function* append({ events, by, at, machine, hear }: Said): Part<Appended> {
  const key = keyOf(by, events)
  const known = yield* saidBefore(key, events.length)
  if (known.length > 0) return { outcome: 'already', events: known }
  if (!(yield* maySpeak(by))) throw new Refused({ outcome: 'stale' })
  const actor = actorOf(by, machine)
  const stamped = events.map((event, i): Event => {
    const stamp = { key: i === 0 ? key : `${key}#${i + 1}`, at, machine, slot: null, actor }
    return { ...event, ...stamp, seq: 0 }
  })
  const numbers = yield* numbersFor(events.length)
  const written: Event[] = []
  let count = 0
  const heard = (): void => hear?.(++count)
  for (const group of grouped(stamped)) written.push(...(yield* writeGroup(group, numbers, heard)))
  return { outcome: 'appended', events: written }
}

function keyOf(by: Speaker, events: readonly NewEvent[]): string {
  if (by.kind === 'job') return by.key
  if (by.kind === 'agent') return `${by.task}/${by.attempt}/said/${by.request}`
  return `${by.request}/${events[0]?.type ?? 'nothing'}`
}

function actorOf(by: Speaker, machine: string): string {
  if (by.kind === 'person') return `person:${by.name}`
  if (by.kind === 'agent') return `agent:${by.task}/${by.attempt}`
  return `machine:${by.kind === 'machine' ? by.name : machine}`
}

function* saidBefore(key: string, count: number): Part<Event[]> {
  const first = yield* one<Record<string, unknown>>(sql`select * from event where key = ${key}`)
  if (!first) return []
  const events = [decodeEvent(first)]
  for (let i = 2; i <= count; i++) {
    const next = yield* one<Record<string, unknown>>(sql`select * from event where key = ${`${key}#${i}`}`)
    if (next) events.push(decodeEvent(next))
  }
  return events
}

/** A job speaks for its attempt only while it holds it: the zombie of the same attempt is stale too. */
function* maySpeak(by: Speaker): Part<boolean> {
  if (by.kind !== 'job' && by.kind !== 'agent') return true
  const row = yield* one<{ attempt: number; holder: string | null; ended: number | null }>(
    sql`select task.attempt, attempt.holder, attempt.ended_at as ended from task left join attempt on attempt.task = task.id and attempt.attempt = task.attempt where task.id = ${by.task}`,
  )
  if (!row || row.attempt !== by.attempt) return false
  return by.kind === 'job' ? row.holder === by.holder : row.ended === null
}

function* writeGroup(group: readonly Event[], numbers: Numbers, heard: () => void): Part<Event[]> {
  const stored: Event[] = []
  if (group.length === 1) {
    stored.push(...(yield* write(group[0]!, numbers)))
    heard()
    return stored
  }
  for (const event of group) {
    stored.push(yield* store(event, numbers))
    heard()
  }
  yield* bear(stored.filter(isBirth))
  return stored
}

/** One event, what it does, and the events that follow from it by themselves. */
function* write(event: Event, numbers: Numbers): Part<Event[]> {
  const before = event.task !== undefined && event.type !== 'task.created' ? yield* taskById(event.task) : undefined
  if (before && move(before, event) === undefined)
    throw new Refused({ outcome: 'impossible', task: before, event: event.type })
  if (before && (yield* isBeingLanded(before, event))) throw new Refused({ outcome: 'landing', task: before })
  if (event.type === 'account.parked' && !adds(yield* accountNamed(event.data.account), event.data, event.at)) return []
  const stored = yield* store(event, numbers)
  yield* apply(stored, before)
  const standing = yield* changedStanding(stored)
  const written = [stored]
  for (const task of standing) written.push(...(yield* write(follows(task, stored), numbers)))
  const whole = yield* splitThatIsDone(stored)
  if (whole) written.push(...(yield* write(completes(whole, stored), numbers)))
  return written
}

/** The number of the last event, where somebody writes many: nobody else writes meanwhile, so they need not be asked one by one. */
export type Numbers = { last: number } | undefined

export function* numbersFor(count: number): Part<Numbers> {
  return count > 1 ? yield* one<{ last: number }>(sql`select coalesce(max(seq), 0) as last from event`) : undefined
}

export function* store(event: Event, numbers: Numbers): Part<Event> {
  const { key, at, task = null, epic = null, attempt = null, machine, slot, actor, type } = event
  const data = JSON.stringify(event.data)
  if (numbers) {
    const seq = ++numbers.last
    yield* run(
      sql`insert into event (seq, key, at, task, epic, attempt, machine, slot, actor, type, data)
        values (${seq}, ${key}, ${at}, ${task}, ${epic}, ${attempt}, ${machine}, ${slot}, ${actor}, ${type}, ${data})`,
    )
    return { ...event, seq }
  }
  const row = yield* one<{ seq: number }>(
    sql`insert into event (key, at, task, epic, attempt, machine, slot, actor, type, data)
        values (${key}, ${at}, ${task}, ${epic}, ${attempt}, ${machine}, ${slot}, ${actor}, ${type}, ${data}) returning seq`,
  )
  return { ...event, seq: row!.seq }
}

/** From `landing.intended` until the ref's fate is known nobody may take the task out of the lane. */
function* isBeingLanded(task: Task, event: Event): Part<boolean> {
  if (task.status !== 'landing' || (event.type !== 'task.cancelled' && event.type !== 'task.paused')) return false
  const row = yield* one<{ outcome: string }>(
    sql`select outcome from landing where task = ${task.id} and attempt = ${task.attempt} order by n desc limit 1`,
  )
  return row?.outcome === 'intended'
}

const touchesNeeds: ReadonlySet<Event['type']> = new Set([
  'task.completed',
  'task.reopened',
  'task.edited',
  'task.created',
  'task.failed',
  'task.cancelled',
  // What it was to wait for may have ended before it could rest.
  'task.blocked',
])

/** Tasks whose status no longer fits the number of their open needs. */
function* changedStanding(event: Event): Part<Task[]> {
  if (!touchesNeeds.has(event.type) || event.task === undefined) return []
  // A new task is born as its needs are, and whoever needs it already has counted it as open.
  if (event.type === 'task.created' && event.data.status !== 'completed') return []
  if (event.type === 'task.blocked' && event.data.reason !== 'needs') return []
  const ids = yield* all<{ id: string }>(
    sql`select id from task where ((status = 'ready' and open_needs > 0) or (status = 'blocked' and blocked_reason = 'needs' and open_needs = 0))
        and id in (select ${event.task} union all select task from need where needs = ${event.task}) order by ordinal`,
  )
  const tasks: Task[] = []
  for (const { id } of ids) tasks.push((yield* taskById(id))!)
  return tasks
}

/** The task that the completed one was split from, when all that it was split into is completed now. */
function* splitThatIsDone(event: Event): Part<Task | undefined> {
  if (event.type !== 'task.completed') return undefined
  const whole = yield* one<{ id: string; data: string }>(
    sql`select whole.id, event.data from task join task as whole on whole.id = task.parent_id join event on event.task = whole.id
        where task.id = ${event.task!} and task.kind = 'split' and whole.status = 'decomposed' and event.type = 'task.decomposed'
        order by event.seq desc limit 1`,
  )
  if (!whole) return undefined
  const { into } = JSON.parse(whole.data) as Facts['task.decomposed']
  for (const id of into) if ((yield* taskById(id))?.status !== 'completed') return undefined
  return yield* taskById(whole.id)
}

/** What follows from an event for another task, in the same transaction. */
const following = (task: Task, cause: Event) => ({
  task: task.id,
  attempt: task.attempt,
  seq: 0,
  key: `${cause.key}>${task.id}`,
  at: cause.at,
  machine: cause.machine,
  slot: null,
  actor: cause.actor,
})

const completes = (task: Task, cause: Event): Event => ({
  ...following(task, cause),
  type: 'task.completed',
  data: { commit: null },
})

const metBy: Partial<Record<Event['type'], string>> = {
  'task.completed': 'completed',
  'task.failed': 'over',
  'task.cancelled': 'over',
}

/** A need was met, or came up: the task moves by an event of its own. */
function follows(task: Task, cause: Event): Event {
  const note =
    cause.task === task.id && cause.type === 'task.blocked'
      ? 'all that it waits for is over'
      : `${cause.task} is ${metBy[cause.type] ?? 'no longer needed'}`
  return task.openNeeds === 0
    ? { ...following(task, cause), type: 'task.unblocked', data: { how: 'needs', note, resets: false, fresh: false } }
    : {
        ...following(task, cause),
        type: 'task.blocked',
        data: { reason: 'needs', note: '', counts: false, verdict: null },
      }
}
