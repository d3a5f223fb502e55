import type { CostGroup, CostRow, LastRun } from '../domain/rows.ts'
import type { Usage } from '../domain/task.ts'
import type { Part, Query } from '../ports/ledger.ts'
import { all, one, raw, sql } from './sql.ts'

/** The four numbers of a usage that stands as JSON in this column. */
const numbers = (column: string, path = '$'): Query =>
  raw(
    ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costUsd']
      .map((name) => `json_extract(${column}, '${path}.${name}') as "${name}"`)
      .join(', '),
  )
const sums = raw(
  'coalesce(sum("inputTokens"), 0) as "inputTokens", coalesce(sum("cachedInputTokens"), 0) as "cachedInputTokens", coalesce(sum("outputTokens"), 0) as "outputTokens", coalesce(sum("costUsd"), 0) as "costUsd"',
)

export function* usageTotal(task: string): Part<Usage> {
  const row = yield* one<Usage>(
    sql`with recursive below (id, usage) as (
          select id, usage from task where id = ${task}
          union select task.id, task.usage from task join below on task.parent_id = below.id)
        select ${sums} from (select ${numbers('usage')} from below) as each`,
  )
  return row!
}

/**
 * Whether what an attempt cost led to no landing. Who went on in the same session did what its last attempt landed; a task that is
 * not over may still go on from its last one.
 */
const wasted = raw(`case
  when exists (select 1 from landing where landing.task = attempt.task and landing.attempt = attempt.attempt and landing.outcome = 'landed') then 0
  when task.status in ('failed', 'cancelled') then 1
  when attempt.attempt = task.attempt or attempt.session = last.session then 0
  else 1 end as wasted`)

const attempts = sql`select attempt.task, attempt.attempt, attempt.agent, attempt.account, task.epic_id as epic, task.title, ${numbers('attempt.usage')},
    case when attempt.agent <> 'command' and attempt.started_at is not null and json_extract(attempt.usage, '$.costUsd') = 0 then 1 else 0 end as unpriced, ${wasted}
  from attempt join task on task.id = attempt.task left join attempt as last on last.task = task.id and last.attempt = task.attempt`

/** What each run spent on each attempt: sub-tasks are part of their parent's. */
const runs = sql`select run.seq as run, run.at, owner.id as task, spent.attempt, owner.title, ${numbers('spent.data', '$.usage')}
  from (select seq, at, lead(seq) over (order by seq) as next from event where type = 'run.started') as run
  join event as spent on spent.type = 'agent.usage' and spent.seq > run.seq and (run.next is null or spent.seq < run.next)
  join task as worker on worker.id = spent.task left join task as parent on parent.id = worker.parent_id
  join task as owner on owner.id = case when worker.kind <> 'subtask' then worker.id when parent.kind <> 'subtask' then parent.id else parent.parent_id end`
const attemptsOfRuns = sql`select each.run, each.at, each."inputTokens", each."cachedInputTokens", each."outputTokens", each."costUsd",
    case when each."costUsd" = 0 then 1 else 0 end as unpriced, ${wasted}
  from (select run, at, task, attempt, ${sums} from (${runs}) as spent group by run, at, task, attempt) as each
  join task on task.id = each.task join attempt on attempt.task = each.task and attempt.attempt = each.attempt
  left join attempt as last on last.task = task.id and last.attempt = task.attempt`

const groups: Record<CostGroup, { of: Query; key: string; title: string }> = {
  task: { of: attempts, key: 'task', title: 'max(title)' },
  attempt: { of: attempts, key: "task || '/' || attempt", title: 'max(title)' },
  epic: { of: attempts, key: 'epic', title: '(select title from epic where epic.id = spent.epic)' },
  agent: { of: attempts, key: 'agent', title: 'null' },
  account: { of: attempts, key: 'account', title: 'null' },
  run: { of: attemptsOfRuns, key: 'run', title: 'max(at)' },
}

type Row = Usage & {
  key: string | number | null
  title: string | number | null
  attempts: number
  unpriced: number
} & {
  [K in keyof Usage as `wasted_${K}`]: number
} & { wasted: number }

export function* costs(by: CostGroup): Part<CostRow[]> {
  const { of, key, title } = groups[by]
  const ofWasted = ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costUsd']
    .map((name) => `sum(wasted * "${name}") as "wasted_${name}"`)
    .join(', ')
  const rows = yield* all<Row>(
    sql`select ${raw(key)} as key, ${raw(title)} as title, ${sums}, count(*) as attempts, sum(wasted) as wasted, sum(unpriced) as unpriced, ${raw(ofWasted)}
        from (${of}) as spent group by 1 order by "costUsd" desc, sum("inputTokens") + sum("outputTokens") desc, 1 nulls first`,
  )
  return rows.map((row) => ({
    key: row.key === null ? null : String(row.key),
    title: typeof row.title === 'number' ? `${new Date(row.title).toISOString().slice(0, 19)}Z` : row.title,
    usage: usageOf(row),
    attempts: row.attempts,
    wasted: {
      inputTokens: row.wasted_inputTokens,
      cachedInputTokens: row.wasted_cachedInputTokens,
      outputTokens: row.wasted_outputTokens,
      costUsd: row.wasted_costUsd,
    },
    wastedAttempts: row.wasted,
    unpriced: row.unpriced,
  }))
}

const usageOf = ({ inputTokens, cachedInputTokens, outputTokens, costUsd }: Usage): Usage => ({
  inputTokens,
  cachedInputTokens,
  outputTokens,
  costUsd,
})

export function* spentSince(seq: number): Part<{ usage: Usage; seq: number }> {
  const row = yield* one<Usage & { last: number | null }>(
    sql`select ${sums}, max(seq) as last from (select seq, ${numbers('data', '$.usage')} from event where type = 'agent.usage' and seq > ${seq}) as spent`,
  )
  return { usage: usageOf(row!), seq: row!.last ?? seq }
}

export function* lastRun(): Part<LastRun | undefined> {
  const row = yield* one<{ seq: number; budget: number | null; over: number }>(
    sql`select seq, json_extract(data, '$.budgetUsd') as budget,
          exists (select 1 from event as over where over.type = 'run.finished' and over.seq > event.seq) as over
        from event where type = 'run.started' order by seq desc limit 1`,
  )
  return row && { seq: row.seq, budgetUsd: row.budget ?? 0, isOver: row.over === 1 }
}
