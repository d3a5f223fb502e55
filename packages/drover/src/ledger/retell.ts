import { DroverError } from '../domain/error.ts'
import type { Event } from '../domain/event.ts'
import { move } from '../domain/moves.ts'
import { isAtWork, type Task } from '../domain/task.ts'
import type { Part, Told } from '../ports/ledger.ts'
import { apply } from './apply.ts'
import { taskById } from './apply-task.ts'
import { numbersFor, type Numbers, store } from './append.ts'
import { bear, grouped, isBirth } from './births.ts'
import { decodeEvent } from './columns.ts'
import { all, one, run, sql } from './sql.ts'

/** Thrown to take it all back; what would have been new. */
export class Rehearsed extends Error {
  readonly news: Event[]
  constructor(news: Event[]) {
    super('only rehearsed')
    this.news = news
  }
}

/** What happened elsewhere, once and in its order. A history that does not fit what is here is refused whole. */
export function* retell(events: readonly Told[], rest: (task: Task) => Told[]): Part<Event[]> {
  const touched = new Set<string>()
  const news: Event[] = []
  const numbers = yield* numbersFor(Infinity)
  for (const group of grouped(yield* unknown(events))) news.push(...(yield* tellGroup(group, { touched, numbers })))
  // Nobody works on them here.
  for (const id of touched) {
    yield* run(
      sql`update attempt set ended_at = coalesce(finished_at, claimed_at) where task = ${id} and ended_at is null`,
    )
    for (const told of rest((yield* taskById(id))!))
      news.push(yield* tell({ ...told, seq: 0 } as Event, { touched, numbers }))
  }
  yield* refuseUnknownNeeds()
  return news
}

/** The database would refuse it too, but in words that help nobody. */
function* refuseUnknownNeeds(): Part {
  const lost = yield* one<{ task: string; needs: string }>(
    sql`select task, needs from need where not exists (select 1 from task where id = need.needs) limit 1`,
  )
  if (lost) throw other({ task: lost.task }, `${lost.task} needs ${lost.needs}, which is not there`)
}

interface Telling {
  touched: Set<string>
  numbers: Numbers
}

function* tellGroup(group: readonly Event[], telling: Telling): Part<Event[]> {
  if (group.length === 1) return [yield* tell(group[0]!, telling)]
  const stored: Event[] = []
  for (const event of group) {
    stored.push(yield* store(event, telling.numbers))
    if (event.task !== undefined) telling.touched.add(event.task)
  }
  yield* bear(stored.filter(isBirth))
  return stored
}

function* tell(event: Event, { touched, numbers }: Telling): Part<Event> {
  const before = event.task === undefined || event.type === 'task.created' ? undefined : yield* known(event.task, event)
  if (before && !touched.has(before.id) && (isAtWork(before) || before.status === 'landing'))
    throw other(event, `${before.id} is ${before.status} here`)
  if (before && move(before, event) === undefined)
    throw other(event, `${before.id} is ${before.status} here, and "${event.type}" does not fit that`)
  if (event.task !== undefined) touched.add(event.task)
  const stored = yield* store(event, numbers)
  yield* apply(stored, before)
  return stored
}

function* known(id: string, event: Event): Part<Task> {
  const task = yield* taskById(id)
  if (!task) throw other(event, `"${event.type}" is told of ${id}, which is not there`)
  return task
}

const page = 500

/** Those that are not here yet, each once. */
function* unknown(events: readonly Told[]): Part<Event[]> {
  const here = new Map<string, Event>()
  for (let i = 0; i < events.length; i += page) {
    const keys = JSON.stringify(events.slice(i, i + page).map(({ key }) => key))
    const rows = yield* all<Record<string, unknown>>(
      sql`select * from event where key in (select value from json_each(${keys}))`,
    )
    for (const row of rows) here.set(decodeEvent(row).key, decodeEvent(row))
  }
  const news: Event[] = []
  for (const told of events) {
    const event = { ...told, seq: 0 } as Event
    const same = here.get(event.key)
    if (same && (same.type !== event.type || same.task !== event.task || same.at !== event.at))
      throw other(event, `${event.task ?? event.type} is here already, with another history`)
    if (!same) news.push(event)
    here.set(event.key, event)
  }
  return news
}

const other = ({ task = '' }: Pick<Event, 'task'>, problem: string): DroverError =>
  new DroverError('other-history', { task, problem })
