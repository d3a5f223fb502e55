import { DroverError } from '../domain/error.ts'
import type { Event } from '../domain/event.ts'
import { move } from '../domain/moves.ts'
import { isAtWork, type Task } from '../domain/task.ts'
import type { Part, Told } from '../ports/ledger.ts'
import { apply } from './apply.ts'
import { taskById } from './apply-task.ts'
import { store } from './append.ts'
import { decodeEvent } from './columns.ts'
import { one, run, sql } from './sql.ts'

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
  for (const told of events) {
    const event = { ...told, seq: 0 } as Event
    if (yield* isKnown(event)) continue
    news.push(yield* tell(event, touched))
  }
  // Nobody works on them here.
  for (const id of touched) {
    yield* run(
      sql`update attempt set ended_at = coalesce(finished_at, claimed_at) where task = ${id} and ended_at is null`,
    )
    for (const told of rest((yield* taskById(id))!)) news.push(yield* tell({ ...told, seq: 0 } as Event, touched))
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

function* tell(event: Event, touched: Set<string>): Part<Event> {
  const before = event.task === undefined || event.type === 'task.created' ? undefined : yield* known(event.task, event)
  if (before && !touched.has(before.id) && (isAtWork(before) || before.status === 'landing'))
    throw other(event, `${before.id} is ${before.status} here`)
  if (before && move(before, event) === undefined)
    throw other(event, `${before.id} is ${before.status} here, and "${event.type}" does not fit that`)
  if (event.task !== undefined) touched.add(event.task)
  const stored = yield* store(event)
  yield* apply(stored, before)
  return stored
}

function* known(id: string, event: Event): Part<Task> {
  const task = yield* taskById(id)
  if (!task) throw other(event, `"${event.type}" is told of ${id}, which is not there`)
  return task
}

function* isKnown(event: Event): Part<boolean> {
  const row = yield* one<Record<string, unknown>>(sql`select * from event where key = ${event.key}`)
  if (!row) return false
  const here = decodeEvent(row)
  if (here.type !== event.type || here.task !== event.task || here.at !== event.at)
    throw other(event, `${event.task ?? event.type} is here already, with another history`)
  return true
}

const other = ({ task = '' }: Pick<Event, 'task'>, problem: string): DroverError =>
  new DroverError('other-history', { task, problem })
