import type { Event, EventType } from '../domain/event.ts'
import type { Part } from '../ports/ledger.ts'
import { run, sql } from './sql.ts'

type LandingEvent = Extract<Event, { type: Extract<EventType, `landing.${string}`> }>

/** One row per landing, moved on by each of its events. */
export function* applyLanding(event: LandingEvent): Part {
  const { task, attempt, at } = event
  const { n } = event.data
  const outcome = event.type.slice('landing.'.length)
  yield* run(sql`insert into landing (task, attempt, n, outcome, at) values (${task!}, ${attempt!}, ${n}, ${outcome}, ${at})
    on conflict (task, attempt, n) do update set outcome = excluded.outcome, at = excluded.at`)
  yield* run(sql`${facts(event)} where task = ${task!} and attempt = ${attempt!} and n = ${n}`)
}

function facts(event: LandingEvent) {
  switch (event.type) {
    case 'landing.merged':
      return sql`update landing set tip = ${event.data.tip}, commit_id = ${event.data.commit}`
    case 'landing.gated':
      return sql`update landing set evidence = ${event.data.evidence}, log = ${event.data.log}, duration_ms = ${event.data.durationMs}`
    case 'landing.intended':
      return sql`update landing set tip = ${event.data.from}, commit_id = ${event.data.commit}, branch = ${event.data.branch}, checkouts = ${JSON.stringify(event.data.checkouts)}`
    case 'landing.landed':
      return sql`update landing set tip = ${event.data.from}, commit_id = ${event.data.commit}`
    case 'landing.refused':
      return sql`update landing set reason = ${event.data.reason}, detail = ${event.data.detail}`
  }
}
