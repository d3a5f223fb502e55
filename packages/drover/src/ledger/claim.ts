import { schedule, type AtWork, type Waiting } from '../domain/schedule.ts'
import type { NewEvent } from '../domain/event.ts'
import type { Task } from '../domain/task.ts'
import type { Claim, Part } from '../ports/ledger.ts'
import { taskById } from './apply-task.ts'
import { all, one, raw, sql } from './sql.ts'

const firstPage = 3
const page = 16

/** The best ready task for this slot. */
export function* nextTask(claim: Claim): Part<Task | undefined> {
  const id = yield* nextId(claim)
  return id === undefined ? undefined : yield* taskById(id)
}

/** Read through the index `task_ready`, a page at a time, never a scan; most often the first one will do. */
export function* nextId(claim: Claim): Part<string | undefined> {
  const atWork = yield* workingScopes()
  let last: Row | undefined
  for (let limit = firstPage; ; limit = page) {
    const rows = yield* all<Row>(readyAfter(claim, last, limit))
    const chosen = schedule(
      rows
        .filter((row) => canWork(row, claim))
        .map((row) => ({ task: waiting(row), lastAttemptIsOver: row.over === 1 })),
      atWork,
      claim.now,
    )
    if (chosen || rows.length < limit) return chosen?.id
    last = rows.at(-1)
  }
}

/** All that decides whether it may start: a task has forty columns more. */
interface Row {
  id: string
  ordinal: number
  priority: number
  scope: string
  run: string | null
  agent: string | null
  attempt: number
  notBefore: number
  over: number
}

const waiting = ({ id, scope, notBefore, attempt }: Row): Waiting => ({
  id,
  scope: scope === '[]' ? [] : (JSON.parse(scope) as string[]),
  notBefore,
  attempt,
})

/** Whether somebody works or lands, a task is due later, or one could be claimed now. */
export function* mayGoOn(claim: Claim): Part<boolean> {
  const atWork = yield* one(
    sql`select 1 from task where kind in ('task', 'spawned', 'split') and status in ('claimed', 'in_progress', 'landing') limit 1`,
  )
  return atWork !== undefined || (yield* dueAfter(claim)) !== undefined || (yield* nextId(claim)) !== undefined
}

/** When the next ready task is due that is not due yet. */
export function* dueAfter({ now, epic }: Pick<Claim, 'now' | 'epic'>): Part<number | undefined> {
  const within = epic === null ? raw('') : sql`and epic_id = ${epic}`
  const row = yield* one<{ due: number | null }>(
    sql`select min(not_before) as due from task where status = 'ready' and kind <> 'subtask' and not_before > ${now} ${within}`,
  )
  return row?.due ?? undefined
}

const canWork = ({ run, agent }: Row, { agents, defaultAgent }: Claim): boolean =>
  run !== null || agents.includes(agent ?? defaultAgent)

function readyAfter({ epic, now }: Claim, last: Row | undefined, limit: number) {
  const after = last ? sql`and (priority, -ordinal) < (${last.priority}, ${-last.ordinal})` : raw('')
  const within = epic === null ? raw('') : sql`and epic_id = ${epic}`
  return sql`select id, ordinal, priority, scope, run, agent, attempt, not_before as "notBefore",
      not exists (select 1 from attempt where attempt.task = task.id and attempt.attempt = task.attempt and ended_at is null) as over
    from task where status = 'ready' and kind <> 'subtask' and not_before <= ${now} ${within} ${after}
    order by priority desc, ordinal limit ${limit}`
}

function* workingScopes(): Part<AtWork[]> {
  const rows = yield* all<{ id: string; scope: string }>(
    sql`select id, scope from task where kind in ('task', 'spawned', 'split') and status in ('claimed', 'in_progress') and scope <> '[]'`,
  )
  return rows.map(({ id, scope }) => ({ id, scope: JSON.parse(scope) as string[] }))
}

/** The event of a claim. `attempt` numbers every claim and is never used twice. */
export function claimed(task: Task, { machine, slot, defaultAgent }: Claim): NewEvent {
  const attempt = task.attempt + 1
  const agent = task.run === null ? (task.agent ?? defaultAgent) : 'command'
  return {
    type: 'task.claimed',
    task: task.id,
    attempt,
    data: { attempt, machine, slot, agent, account: null, fresh: task.fresh },
  }
}
