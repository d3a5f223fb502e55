import type { Event, EventType } from '../domain/event.ts'
import { addUsage, type Usage } from '../domain/task.ts'
import type { Part } from '../ports/ledger.ts'
import { one, run, sql } from './sql.ts'

type Effect<T extends EventType> = (event: Event & { type: T }) => Part

/** What agents say and ask, what they cost, and what holds their accounts up. */
export const told: { [T in EventType]?: Effect<T> } = {
  *'task.asked'({ task, attempt, at, data: { question, text, options, deadline } }) {
    yield* run(
      sql`insert into question (id, task, attempt, text, options, deadline, at)
          values (${question}, ${task!}, ${attempt ?? 0}, ${text}, ${JSON.stringify(options)}, ${deadline}, ${at})`,
    )
  },
  *'task.answered'({ at, data: { question, text } }) {
    yield* run(sql`update question set answer = ${text}, answered_at = ${at} where id = ${question}`)
  },
  *'task.found'({ task, attempt, data: { finding } }) {
    const { query, summary, relevance, sourceRef } = finding
    yield* run(
      sql`insert into finding (task, attempt, query, summary, relevance, source_ref)
          values (${task!}, ${attempt ?? 0}, ${query}, ${summary}, ${relevance}, ${sourceRef})`,
    )
  },
  *'task.proposed'({ task, attempt, data: { reason, parts } }) {
    yield* run(
      sql`insert into proposal (task, attempt, reason, parts) values (${task!}, ${attempt ?? 0}, ${reason}, ${JSON.stringify(parts)})
          on conflict (task, attempt) do update set reason = excluded.reason, parts = excluded.parts`,
    )
  },
  *'agent.session'({ task, attempt, data: { session } }) {
    yield* run(sql`update attempt set session = ${session} where task = ${task!} and attempt = ${attempt ?? 0}`)
  },
  *'agent.usage'({ task, attempt, data: { usage, session, total } }) {
    yield* addToAttempt(task!, attempt ?? 0, usage)
    if (session !== null)
      yield* run(
        sql`insert into session (id, total) values (${session}, ${JSON.stringify(total)}) on conflict (id) do update set total = excluded.total`,
      )
  },
  *'account.parked'({ at, data: { account, agent, until, why, text } }) {
    yield* run(
      sql`insert into account (name, agent, parked_until, why, text, parked_at, room, parkings) values (${account}, ${agent}, ${until}, ${why}, ${text}, ${at}, 1, 1)
          on conflict (name) do update set parked_until = excluded.parked_until, why = excluded.why, text = excluded.text,
            parked_at = excluded.parked_at, room = 1, parkings = account.parkings + 1`,
    )
  },
  *'account.released'({ data: { account, how, room } }) {
    const parkings = how === 'works' ? sql`0` : sql`parkings`
    yield* run(
      sql`update account set parked_until = null, why = null, text = '', room = ${room}, parkings = ${parkings} where name = ${account}`,
    )
  },
}

/** An attempt costs what its sub-tasks cost too: they have none of their own. */
function* addToAttempt(task: string, attempt: number, usage: Usage): Part {
  const row = yield* one<{ task: string; usage: string }>(
    sql`with recursive up (id, kind, parent_id) as (
          select id, kind, parent_id from task where id = ${task}
          union all select task.id, task.kind, task.parent_id from task join up on task.id = up.parent_id where up.kind = 'subtask')
        select attempt.task, attempt.usage from up join attempt on attempt.task = up.id and attempt.attempt = ${attempt} where up.kind <> 'subtask'`,
  )
  if (!row) return
  const sum = addUsage(JSON.parse(row.usage) as Usage, usage)
  yield* run(sql`update attempt set usage = ${JSON.stringify(sum)} where task = ${row.task} and attempt = ${attempt}`)
}
