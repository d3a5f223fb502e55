import { choose, reachOf, type AccountsNow, type Choice } from '../domain/hand.ts'
import { schedule, type AtWork, type Candidate, type Waiting } from '../domain/schedule.ts'
import type { NewEvent } from '../domain/event.ts'
import type { Task, Usage } from '../domain/task.ts'
import type { Claim, Part, Query } from '../ports/ledger.ts'
import { accountsNow, restOfReady } from './accounts.ts'
import { taskById } from './apply-task.ts'
import { isForAnother, labelsOfOthers } from './labels.ts'
import { all, one, raw, sql } from './sql.ts'

const firstPage = 3
const page = 16

export interface Best {
  task: Task
  choice: Choice
}

/** The best ready task for this slot, and who works on it. */
export function* nextTask(claim: Claim): Part<Best | undefined> {
  const best = yield* nextId(claim)
  return best && { task: (yield* taskById(best.id))!, choice: best.choice }
}

/** Read through the index `task_ready`, a page at a time, never a scan; most often the first one will do. */
export function* nextId(claim: Claim): Part<{ id: string; choice: Choice } | undefined> {
  const atWork = yield* workingScopes()
  const accounts = yield* accountsNow(claim.hands)
  const queues = queuesFor(claim, accounts)
  const away = yield* labelsOfOthers(claim)
  let last: Place = { priority: Number.MAX_SAFE_INTEGER, ordinal: 0 }
  for (let limit = firstPage; ; limit = page) {
    const rows = yield* bestOf(queues, { claim, last, limit, away })
    for (const row of rows) {
      const choice = choose({ ...row, usage: JSON.parse(row.usage) as Usage }, claim, accounts)
      if (choice && schedule([candidate(row)], atWork, claim.now)) return { id: row.id, choice }
    }
    if (rows.length < limit) return undefined
    last = rows.at(-1)!
  }
}

interface Place {
  ordinal: number
  priority: number
}

/** All that decides whether it may start, and with whom: a task has forty columns more. */
interface Row extends Place {
  id: string
  scope: string
  run: string | null
  agent: string | null
  attempt: number
  notBefore: number
  session: string | null
  sessionAgent: string | null
  account: string | null
  usage: string
  over: number
}

const candidate = ({ id, scope, notBefore, attempt, over }: Row): Candidate<Waiting> => ({
  task: { id, scope: scope === '[]' ? [] : (JSON.parse(scope) as string[]), notBefore, attempt },
  lastAttemptIsOver: over === 1,
})

/** Whether somebody works or lands, a task is due later or waits for an account that is, or one could be claimed now. */
export function* mayGoOn(claim: Claim): Part<boolean> {
  const atWork = yield* one(
    sql`select 1 from task where kind in ('task', 'spawned', 'split') and status in ('claimed', 'in_progress', 'landing') limit 1`,
  )
  if (atWork !== undefined || (yield* dueAfter(claim)) !== undefined || (yield* nextId(claim)) !== undefined)
    return true
  return (yield* restOfReady(claim))?.until != null || (yield* isForAnother(claim))
}

/** When the next ready task is due that is not due yet. */
export function* dueAfter({ now, epic }: Pick<Claim, 'now' | 'epic'>): Part<number | undefined> {
  const within = epic === null ? raw('') : sql`and epic_id = ${epic}`
  const row = yield* one<{ due: number | null }>(
    sql`select min(not_before) as due from task where status = 'ready' and kind <> 'subtask' and not_before > ${now} ${within}`,
  )
  return row?.due ?? undefined
}

/** Ready tasks stand in queues by who can do them: a command's is `$`, that of no named agent is empty. */
interface Queue {
  name: string
  /** Also tasks that somebody else's session has begun. */
  begun: boolean
}

/** Only those that move: thousands of tasks that wait for one account are not even looked at. */
function queuesFor(claim: Claim, accounts: AccountsNow): Queue[] {
  const ofAgents = claim.hands.flatMap((hand): Queue[] => {
    const reach = reachOf(hand, claim, accounts)
    const names = [hand.agent, ...(hand.agent === claim.defaultAgent ? [''] : [])]
    return reach === 'nothing' ? [] : names.map((name) => ({ name, begun: reach === 'all' }))
  })
  return [{ name: '$', begun: true }, ...ofAgents]
}

interface Reach {
  claim: Claim
  last: Place
  limit: number
  /** Labels that choose another machine. */
  away: readonly string[]
}

/** A query for each queue, always in the same words: one for all of them takes three times as long with eight agents. */
function* bestOf(queues: readonly Queue[], reach: Reach): Part<Row[]> {
  const rows: Row[] = []
  for (const queue of queues) rows.push(...(yield* all<Row>(headOf(queue, reach))))
  return rows.toSorted((a, b) => b.priority - a.priority || a.ordinal - b.ordinal).slice(0, reach.limit)
}

/** The queue's name in the words of the index. Usage is read as text, which every database can. */
const headOf = ({ name, begun }: Queue, { claim: { epic, now }, last, limit, away }: Reach): Query =>
  sql`select id, ordinal, priority, scope, run, agent, attempt, not_before as "notBefore",
      session, session_agent as "sessionAgent", account, usage,
      not exists (select 1 from attempt where attempt.task = task.id and attempt.attempt = task.attempt and ended_at is null) as over
    from task
    where status = 'ready' and kind <> 'subtask' and case when run is not null then '$' else coalesce(agent, '') end = ${name}
      and not_before <= ${now} and (${epic} is null or epic_id = ${epic})
      and (priority, -ordinal) < (${last.priority}, ${-last.ordinal})
      and (${begun} or session is null or usage like '%"outputTokens":0,%')
      ${away.length === 0 ? raw('') : notFor(away)}
    order by priority desc, ordinal limit ${limit}`

/** Asked only where machines have labels. */
const notFor = (away: readonly string[]) =>
  sql`and (labels = '[]' or not exists (select 1 from json_each(task.labels) as own
        where own.value in (select away.value from json_each(${JSON.stringify(away)}) as away)))`

function* workingScopes(): Part<AtWork[]> {
  const rows = yield* all<{ id: string; scope: string }>(
    sql`select id, scope from task where kind in ('task', 'spawned', 'split') and status in ('claimed', 'in_progress') and scope <> '[]'`,
  )
  return rows.map(({ id, scope }) => ({ id, scope: JSON.parse(scope) as string[] }))
}

/** The event of a claim. `attempt` numbers every claim and is never used twice. */
export function claimed({ task, choice }: Best, { machine, slot }: Claim): NewEvent {
  const attempt = task.attempt + 1
  const { agent, account, model } = choice
  const data = { attempt, machine, slot, agent, account, ...(model === null ? {} : { model }), fresh: task.fresh }
  return { type: 'task.claimed', task: task.id, attempt, data }
}
