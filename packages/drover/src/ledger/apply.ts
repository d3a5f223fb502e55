import { DroverError } from '../domain/error.ts'
import type { Event, EventType } from '../domain/event.ts'
import { evolve } from '../domain/evolve.ts'
import type { Task } from '../domain/task.ts'
import type { Part } from '../ports/ledger.ts'
import { applyLanding } from './apply-landing.ts'
import { addNeeds, bear, type Birth } from './births.ts'
import { all, one, run, sql } from './sql.ts'
import { updateTask } from './apply-task.ts'
import { told } from './apply-agent.ts'

/** What an event does to the tables. Rebuilding the ledger is applying every event again. */
export function* apply(event: Event, before: Task | undefined): Part {
  if (before) yield* updateTask(before, evolve(before, event))
  yield* (
    (beside[event.type] as ((event: Event, before: Task | undefined) => Part) | undefined)?.(event, before) ?? nothing()
  )
}

type Effect<T extends EventType> = (event: Event & { type: T }, before: Task | undefined) => Part

function* nothing(): Part {}

function* create(event: Birth): Part {
  yield* bear([event])
  if (event.data.status === 'completed') yield* neededByOthers(event, -1)
}

function* checkEpic(id: string | null | undefined): Part {
  if (id && !(yield* one(sql`select 1 as found from epic where id = ${id}`)))
    throw new DroverError('no-epic', { id, nearest: [] })
}

function* countNeeds(id: string): Part {
  yield* run(
    sql`update task set open_needs = (select count(*) from need left join task as other on other.id = need.needs where need.task = ${id} and (other.status is null or not (other.status = 'completed' or (need.until = 'over' and other.status in ('failed', 'cancelled'))))) where id = ${id}`,
  )
}

function* edit(event: Event & { type: 'task.edited' }): Part {
  const { words, addNeeds: added, removeNeeds } = event.data
  yield* checkEpic(words.epicId)
  for (const need of removeNeeds) yield* run(sql`delete from need where task = ${event.task!} and needs = ${need}`)
  yield* addNeeds(event.task!, added)
  for (const need of added) yield* refuseCircle(event.task!, need)
  if (event.data.until === 'over')
    for (const need of added)
      yield* run(sql`update need set until = 'over' where task = ${event.task!} and needs = ${need}`)
  yield* countNeeds(event.task!)
}

function* refuseCircle(task: string, need: string): Part {
  const back = yield* one(
    sql`with recursive reach (id) as (select id from task where id = ${need} union select need.needs from need join reach on need.task = reach.id) select 1 as found from reach where id = ${task}`,
  )
  if (back) throw new DroverError('circle', { path: [task, need, task] })
}

function* neededByOthers(event: Event, by: number): Part {
  yield* run(
    sql`update task set open_needs = open_needs + ${by} where id in (select task from need where needs = ${event.task!})`,
  )
}

/** Only those it matters to that wait for its end, however it ends. */
function* awaitedByOthers(event: Event, by: number): Part {
  yield* run(
    sql`update task set open_needs = open_needs + ${by} where id in (select task from need where needs = ${event.task!} and until = 'over')`,
  )
}

function* claim(event: Event & { type: 'task.claimed' }): Part {
  const { attempt, machine, slot, agent, account, model, fresh } = event.data
  yield* run(
    sql`insert into attempt (task, attempt, machine, slot, agent, account, model, fresh, claimed_at) values (${event.task!}, ${attempt}, ${machine}, ${slot}, ${agent}, ${account ?? null}, ${model ?? null}, ${fresh}, ${event.at})`,
  )
}

function* start(event: Event & { type: 'task.started' }): Part {
  const { machine, slot } = event.data
  yield* run(
    sql`update attempt set machine = ${machine}, slot = ${slot}, started_at = coalesce(started_at, ${event.at}) where task = ${event.task!} and attempt = ${event.attempt!}`,
  )
}

/** The first event that ends an attempt names its outcome; what follows it does not change that. */
function* finish(event: Event, error: string | null, commit: string | null = null): Part {
  yield* run(
    sql`update attempt set outcome = ${event.type}, error = ${error}, commit_id = coalesce(${commit}, commit_id), finished_at = ${event.at}
        where task = ${event.task!} and attempt = ${event.attempt ?? 0} and finished_at is null`,
  )
}

const beside: { [T in EventType]?: Effect<T> } = {
  'task.created': create,
  'task.edited': edit,
  'task.claimed': claim,
  'task.started': start,
  'task.passed': (event) => finish(event, null, event.data.commit),
  'task.retried': (event) => finish(event, event.data.error),
  'task.blocked': (event, before) =>
    event.data.reason === 'needs' && before?.status !== 'in_progress' ? nothing() : finish(event, event.data.note),
  *'task.failed'(event, before) {
    yield* finish(event, event.data.error)
    if (before?.status !== 'failed') yield* awaitedByOthers(event, -1)
  },
  'task.paused': (event) => finish(event, event.data.reason),
  *'task.cancelled'(event, before) {
    yield* finish(event, event.data.reason)
    if (before?.status !== 'cancelled') yield* awaitedByOthers(event, -1)
  },
  'task.decomposed': (event) => finish(event, null),
  *'task.completed'(event, before) {
    yield* finish(event, null)
    if (before?.status !== 'completed') yield* neededByOthers(event, -1)
  },
  *'task.reopened'(event, before) {
    if (before?.status === 'completed') yield* neededByOthers(event, 1)
    if (before?.status === 'failed' || before?.status === 'cancelled') yield* awaitedByOthers(event, 1)
  },
  *'task.hinted'(event) {
    yield* run(
      sql`insert into hint (id, task, text, at) values (${event.data.hint}, ${event.task!}, ${event.data.text}, ${event.at})`,
    )
  },
  *'task.hint_delivered'(event) {
    yield* run(sql`update hint set delivered_at = ${event.at}, how = ${event.data.how} where id = ${event.data.hint}`)
  },
  ...told,
  'landing.merged': applyLanding,
  'landing.gated': applyLanding,
  'landing.intended': applyLanding,
  'landing.landed': applyLanding,
  *'landing.refused'(event) {
    yield* applyLanding(event)
    // The next attempt's prompt says why this one's work did not land.
    const words = `its work could not land (${event.data.reason}): ${event.data.detail}`
    yield* run(sql`update attempt set error = ${words} where task = ${event.task!} and attempt = ${event.attempt!}`)
  },
  *'epic.created'(event) {
    const { title, description, priority, labels } = event.data
    const taken = yield* all(
      sql`select id from epic where id = ${event.epic!} collate nocase union all select id from task where id = ${event.epic!} collate nocase`,
    )
    if (taken.length > 0) throw new DroverError('id-taken', { id: event.epic! })
    yield* run(
      sql`insert into epic (id, title, description, priority, labels, status, created_at)
        values (${event.epic!}, ${title}, ${description}, ${priority}, ${JSON.stringify(labels)}, 'open', ${event.at})`,
    )
  },
  *'epic.edited'(event) {
    yield* run(
      sql`update epic set title = coalesce(${event.data.title ?? null}, title), description = coalesce(${event.data.description ?? null}, description),
        priority = coalesce(${event.data.priority ?? null}, priority), labels = coalesce(${event.data.labels ? JSON.stringify(event.data.labels) : null}, labels) where id = ${event.epic!}`,
    )
  },
  *'epic.closed'(event) {
    yield* run(sql`update epic set status = 'closed' where id = ${event.epic!}`)
  },
  *'machine.joined'(event) {
    const { machine, slots, pid, labels = [] } = event.data
    yield* run(sql`insert into machine (name, slots, pid, joined_at, labels) values (${machine}, ${slots}, ${pid}, ${event.at}, ${JSON.stringify(labels)})
      on conflict (name) do update set slots = excluded.slots, labels = excluded.labels, pid = excluded.pid, joined_at = excluded.joined_at, left_at = null, lost = 0`)
  },
  *'machine.left'(event) {
    yield* run(sql`update machine set left_at = ${event.at} where name = ${event.data.machine}`)
  },
  *'machine.lost'(event) {
    yield* run(sql`update machine set left_at = ${event.at}, lost = 1 where name = ${event.data.machine}`)
  },
}
