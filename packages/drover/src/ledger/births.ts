import { DroverError } from '../domain/error.ts'
import type { Event } from '../domain/event.ts'
import { born } from '../domain/evolve.ts'
import type { Part } from '../ports/ledger.ts'
import { insertTask } from './apply-task.ts'
import { all, run, sql } from './sql.ts'

export type Birth = Event & { type: 'task.created' }

export const isBirth = (event: Pick<Event, 'type'>): event is Birth => event.type === 'task.created'

/** More at once would only make longer lists. */
const most = 250

/** Events one by one, but tasks that are made one after another together. One that is over already stands alone: others may need it. */
export function grouped<E extends Pick<Event, 'type' | 'data'>>(events: readonly E[]): E[][] {
  const groups: E[][] = []
  for (const event of events) {
    const last = groups.at(-1)
    if (last && last.length < most && isWaiting(last[0]!) && isWaiting(event)) last.push(event)
    else groups.push([event])
  }
  return groups
}

const isWaiting = (event: Pick<Event, 'type' | 'data'>): boolean =>
  event.type === 'task.created' && (event as Birth).data.status !== 'completed'

/** What new tasks do to the tables. What is there is asked once for all of them, and rows of one table are written one after another. */
export function* bear(events: readonly Birth[]): Part {
  const known = yield* knownOf(events)
  for (const event of events) check(event, known)
  for (const event of events) {
    const unmet = new Set(event.data.needs.filter((need) => !known.completed.has(need)))
    yield* insertTask(born(event, unmet.size))
  }
  for (const { task, data } of events) yield* addNeeds(task!, data.needs)
}

/** Needs may point at tasks created later in the same transaction; what is missing at its end is refused by the foreign key. */
export function* addNeeds(id: string, needs: readonly string[]): Part {
  for (const need of needs) {
    if (need === id) throw new DroverError('self-need', { id })
    yield* run(sql`insert into need (task, needs) values (${id}, ${need}) on conflict do nothing`)
  }
}

/** Names that are taken, in small letters; tasks, epics and completed tasks that were asked for and are there. */
type Known = Record<'taken' | 'task' | 'epic' | 'completed', Set<string>>

function* knownOf(events: readonly Birth[]): Part<Known> {
  const known: Known = { taken: new Set(), task: new Set(), epic: new Set(), completed: new Set() }
  const list = (of: (event: Birth) => readonly (string | null | undefined)[]): string =>
    JSON.stringify([...new Set(events.flatMap(of))].filter((id) => id))
  const ids = list(({ task }) => [task])
  const rows = yield* all<{ what: keyof Known; id: string }>(
    sql`select 'taken' as what, asked.value as id from json_each(${ids}) as asked where exists (select 1 from task where task.id = asked.value collate nocase)
      union all select 'taken', asked.value from json_each(${ids}) as asked where exists (select 1 from epic where epic.id = asked.value collate nocase)
      union all select 'task', id from task where id in (select value from json_each(${list(({ data }) => [data.parentId])}))
      union all select 'epic', id from epic where id in (select value from json_each(${list(({ data }) => [data.words.epicId])}))
      union all select 'completed', id from task where status = 'completed' and id in (select value from json_each(${list(({ data }) => data.needs)}))`,
  )
  for (const { what, id } of rows) known[what].add(what === 'taken' ? id.toLowerCase() : id)
  return known
}

function check({ task, data: { parentId, words } }: Birth, known: Known): void {
  const id = task!
  if (known.taken.has(id.toLowerCase())) throw new DroverError('id-taken', { id })
  known.taken.add(id.toLowerCase())
  known.task.add(id)
  if (parentId !== null && !known.task.has(parentId)) throw new DroverError('no-task', { id: parentId, nearest: [] })
  if (words.epicId && !known.epic.has(words.epicId)) throw new DroverError('no-epic', { id: words.epicId, nearest: [] })
}
