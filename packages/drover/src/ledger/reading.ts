import { standingOf, type Standing } from '../domain/summary.ts'
import type { BlockedReason, TaskStatus, Usage } from '../domain/task.ts'
import type { Finding } from '../domain/event.ts'
import type { Part } from '../ports/ledger.ts'
import type { Epic, MissedHint, Need, Proposal } from '../domain/rows.ts'
import type { Reading, TaskFilter } from '../ports/reading.ts'
import { dueAfter } from './claim.ts'
import {
  decodeAccount,
  decodeAttempt,
  decodeEvent,
  decodeLanding,
  decodeMachine,
  decodeQuestion,
  decodeTask,
  taskColumnNames,
} from './columns.ts'
import { accountsNow, restOfReady } from './accounts.ts'
import type { Connection } from './connection.ts'
import { costs, lastRun, spentSince, usageTotal } from './costs.ts'
import { all, join, one, raw, sql } from './sql.ts'
import { taskById } from './apply-task.ts'

type Row = Record<string, unknown>
const page = 500
const tasksOf = raw(`select ${taskColumnNames} from task`)

/** The questions the ledger answers. Lists are read in pages, so that no statement stays open over an await. */
export function openReading(connection: Connection): Reading {
  const ask = async <T>(part: () => Part<T>): Promise<T> => connection.read(part)
  const list = async <T>(query: () => ReturnType<typeof sql>, decode: (row: Row) => T): Promise<T[]> =>
    (await ask(() => all<Row>(query()))).map(decode)

  return {
    project: async () => {
      const row = await ask(() =>
        one<{ id: string; target: string; created_at: number }>(sql`select id, target, created_at from project`),
      )
      return { id: row!.id, target: row!.target, createdAt: row!.created_at }
    },
    task: (id) => ask(() => taskById(id)),
    tasks: (filter) =>
      allPages(filter, (after, limit) =>
        list(
          () => tasksWhere(filter, after, limit),
          (row) => ({ task: decodeTask(row), ordinal: row.ordinal as number }),
        ),
      ),
    recent: (wanted) => list(() => recentWhere(wanted), decodeTask),
    resting: (reason) =>
      list(
        () =>
          sql`${tasksOf} where kind in ('task', 'spawned', 'split') and status = 'blocked' and blocked_reason = ${reason} order by ordinal`,
        decodeTask,
      ),
    subtasks: (parent) =>
      list(() => sql`${tasksOf} where parent_id = ${parent} and kind = 'subtask' order by sequence`, decodeTask),
    idsLike: (start) =>
      list(
        () =>
          sql`select id from task where id = ${start} or (id >= ${start} and id < ${`${start}\u{10ffff}`}) or (id >= ${`task-${start}`} and id < ${`task-${start}\u{10ffff}`}) order by id <> ${start}, id limit 10`,
        idOf,
      ),
    someIds: (limit) => list(() => sql`select id from task order by ordinal desc limit ${limit}`, idOf),
    epics: () => list(() => sql`select * from epic order by created_at, id`, epicOf),
    epic: async (id) => (await list(() => sql`select * from epic where id = ${id}`, epicOf))[0],
    needsOf: (task) =>
      list(
        () =>
          sql`select other.id, other.status, need.until from need join task as other on other.id = need.needs where need.task = ${task} order by other.ordinal`,
        (row) => ({ ...idAndStatus(row), until: row.until as Need['until'] }),
      ),
    neededBy: (task) =>
      list(
        () =>
          sql`select other.id, other.status from need join task as other on other.id = need.task where need.needs = ${task} order by other.ordinal`,
        idAndStatus,
      ),
    allNeeds: () =>
      list(
        () => sql`select task, needs, until from need`,
        (row) => row as unknown as Need,
      ),
    attempts: (task) => list(() => sql`select * from attempt where task = ${task} order by attempt`, decodeAttempt),
    attempt: async (task, n) =>
      (await list(() => sql`select * from attempt where task = ${task} and attempt = ${n}`, decodeAttempt))[0],
    openAttempts: () =>
      list(() => sql`select * from attempt where ended_at is null order by task, attempt`, decodeAttempt),
    machines: () => list(() => sql`select * from machine order by name`, decodeMachine),
    landings: (task) =>
      task
        ? list(() => sql`select * from landing where task = ${task} order by attempt, n`, decodeLanding)
        : list(() => sql`select * from landing order by at desc limit ${page}`, decodeLanding),
    standing: (epic) => ask(() => standing(epic)),
    standingByEpic: () => ask(standingByEpic),
    durations: (limit) =>
      list(
        () =>
          sql`select case when finished_at > started_at then finished_at - started_at else 0 end as ms from task where status = 'completed' and kind <> 'subtask' and started_at is not null and imported = 0 order by finished_at desc limit ${limit}`,
        (row) => row.ms as number,
      ),
    candidate: async (id) => {
      const task = await ask(() => taskById(id))
      if (!task) return undefined
      const open = await ask(() =>
        one(sql`select 1 as open from attempt where task = ${id} and attempt = ${task.attempt} and ended_at is null`),
      )
      return { task, lastAttemptIsOver: !open }
    },
    nextDue: (now, epic) => ask(() => dueAfter({ now, epic })),
    events: (after, filter, limit) => list(() => eventsWhere(after, filter, limit), decodeEvent),
    lastSeq: async () =>
      (await ask(() => one<{ seq: number | null }>(sql`select max(seq) as seq from event`)))?.seq ?? 0,
    accounts: () => list(() => sql`select * from account order by name`, decodeAccount),
    accountsNow: (hands) => ask(() => accountsNow(hands)),
    rest: (choosing) => ask(() => restOfReady(choosing)),
    lastWorked: async (account) => {
      // Its last few attempts tell: an account that has not worked for so long may as well be unknown.
      const rows = await ask(() =>
        all<{ usage: string; at: number }>(
          sql`select usage, claimed_at as at from attempt where account = ${account} order by claimed_at desc limit 50`,
        ),
      )
      return rows.find(({ usage }) => (JSON.parse(usage) as Usage).outputTokens > 0)?.at
    },
    agentsNamed: () =>
      list(
        () =>
          sql`select distinct agent from task where agent is not null and run is null and status not in ('completed', 'failed', 'cancelled')`,
        (row) => row.agent as string,
      ),
    questions: (filter) => list(() => questionsWhere(filter), decodeQuestion),
    findings: (task) =>
      list(
        () =>
          sql`select query, summary, relevance, source_ref as "sourceRef" from finding where task = ${task} order by seq`,
        (row) => row as unknown as Finding,
      ),
    findingsByTask: async () => {
      const rows = await list(
        () => sql`select task, query, summary, relevance, source_ref as "sourceRef" from finding order by seq`,
        ({ task, ...finding }) => ({ task: task as string, finding: finding as unknown as Finding }),
      )
      const groups = Map.groupBy(rows, ({ task }) => task)
      return new Map([...groups].map(([task, found]) => [task, found.map(({ finding }) => finding)]))
    },
    spawnedInRun: async () =>
      (await ask(() =>
        one<{ n: number }>(
          sql`select count(*) as n from event join task on task.id = event.task where event.type = 'task.created' and task.kind in ('spawned', 'split')
              and event.seq > (select coalesce(max(seq), 0) from event where type = 'run.started')`,
        ),
      ))!.n,
    proposal: async (task, attempt) => {
      const row = await ask(() =>
        one<{ reason: string; parts: string }>(
          sql`select reason, parts from proposal where task = ${task} and attempt = ${attempt}`,
        ),
      )
      return row && { reason: row.reason, parts: JSON.parse(row.parts) as Proposal['parts'] }
    },
    sessionTotal: async (session) => {
      const row = await ask(() => one<{ total: string }>(sql`select total from session where id = ${session}`))
      return row ? (JSON.parse(row.total) as Partial<Usage>) : {}
    },
    usageTotal: (task) => ask(() => usageTotal(task)),
    costs: (by) => ask(() => costs(by)),
    spentSince: (seq) => ask(() => spentSince(seq)),
    lastRun: () => ask(lastRun),
    pendingHints: (task) =>
      list(
        () => sql`select id, text, at, said from hint where task = ${task} and delivered_at is null order by at, id`,
        (row) => row as unknown as { id: string; text: string; at: number; said: number | null },
      ),
    missedHints: (since) =>
      list(
        () =>
          sql`select hint.id, hint.task, hint.text, hint.at from hint join task on task.id = hint.task
              where hint.delivered_at is null and hint.at >= ${since} and task.status in ('completed', 'decomposed') order by hint.at, hint.id`,
        (row) => row as unknown as MissedHint,
      ),
  }
}

const idOf = (row: Row): string => row.id as string
const idAndStatus = (row: Row) => ({ id: row.id as string, status: row.status as TaskStatus })
const epicOf = (row: Row): Epic => ({
  id: row.id as string,
  title: row.title as string,
  description: row.description as string,
  priority: row.priority as number,
  labels: JSON.parse(row.labels as string) as string[],
  status: row.status as Epic['status'],
  createdAt: row.created_at as number,
})
const oneOf = (values: readonly string[]) =>
  join(
    values.map((value) => sql`${value}`),
    ', ',
  )

/** `in` makes a table for what it is given, also for one. */
const isOneOf = (column: ReturnType<typeof raw>, values: readonly string[]) =>
  values.length === 1 ? sql`${column} = ${values[0]!}` : sql`${column} in (${oneOf(values)})`

async function allPages<T>(
  { after = 0, limit = Infinity }: TaskFilter,
  read: (after: number, limit: number) => Promise<{ task: T; ordinal: number }[]>,
): Promise<T[]> {
  const found: T[] = []
  for (let last = after; found.length < limit;) {
    const rows = await read(last, Math.min(page, limit - found.length))
    found.push(...rows.map(({ task }) => task))
    if (rows.length < page) break
    last = rows.at(-1)!.ordinal
  }
  return found
}

function tasksWhere({ statuses, reasons, epic, parent, label }: TaskFilter, after: number, limit: number) {
  // Few of many are found through the index `task_standing`, and sorted; `+` keeps the order of the rows from being preferred.
  const few = statuses !== undefined && !statuses.some((status) => crowded.has(status))
  const ordinal = raw(few ? '+ordinal' : 'ordinal')
  const where = [
    sql`${ordinal} > ${after}`,
    ...(few ? [sql`kind in ('task', 'subtask', 'spawned', 'split')`] : []),
    ...(statuses ? [sql`status in (${oneOf(statuses)})`] : []),
    ...(reasons ? [sql`(status <> 'blocked' or blocked_reason in (${oneOf(reasons)}))`] : []),
    ...(epic ? [sql`epic_id = ${epic}`] : []),
    ...(parent ? [sql`parent_id = ${parent}`] : []),
    ...(label ? [sql`exists (select 1 from json_each(labels) where value = ${label})`] : []),
  ]
  return sql`select ordinal, ${raw(taskColumnNames)} from task where ${join(where, ' and ')} order by ${ordinal} limit ${limit}`
}

/** Reads the index of what is completed from its newest end; `+` keeps the epic's own index, which knows no time, out. */
function recentWhere({ epic, since, until, limit, but }: Parameters<Reading['recent']>[0]) {
  const newest = (within: ReturnType<typeof sql>) =>
    sql`select * from (select ordinal, ${raw(taskColumnNames)} from task where status = 'completed' and finished_at between ${since} and ${until}
      and kind <> 'subtask' and id not in (${oneOf(['', ...but])}) and ${within} order by finished_at desc, ordinal desc limit ${limit}) as newest`
  if (epic === null) return newest(raw('1 = 1'))
  return sql`select ${raw(taskColumnNames)} from (${newest(sql`+epic_id = ${epic}`)} union ${newest(raw('1 = 1'))})
    as recent order by epic_id is not distinct from ${epic} desc, finished_at desc, ordinal desc limit ${limit}`
}

/** Where most of many tasks are. */
const crowded: ReadonlySet<TaskStatus> = new Set(['ready', 'completed'])

function eventsWhere(
  after: number,
  { types, task, epic, from, to, upTo }: Parameters<Reading['events']>[1],
  limit: number,
) {
  const where = [
    sql`seq > ${after}`,
    // A task has few events, and so has what is new; a type has many: `+` keeps the index of types out.
    ...(types ? [isOneOf(raw(task || upTo !== undefined ? '+type' : 'type'), types)] : []),
    ...(task ? [sql`task = ${task}`] : []),
    ...(epic ? [sql`(epic = ${epic} or task in (select id from task where epic_id = ${epic}))`] : []),
    ...(from === undefined ? [] : [sql`at >= ${from}`]),
    ...(to === undefined ? [] : [sql`at <= ${to}`]),
    ...(upTo === undefined ? [] : [sql`seq <= ${upTo}`]),
  ]
  return sql`select * from event where ${join(where, ' and ')} order by seq limit ${Math.min(limit, page)}`
}

function questionsWhere({ task, open }: { task?: string; open?: boolean }) {
  const where = [
    ...(task === undefined ? [] : [sql`task = ${task}`]),
    ...(open === undefined ? [] : [open ? sql`answer is null` : sql`answer is not null`]),
    sql`1 = 1`,
  ]
  return sql`select * from question where ${join(where, ' and ')} order by at, id limit ${page}`
}

type Count = { status: TaskStatus; blocked_reason: BlockedReason | null; n: number; epic_id: string | null }

export function* standing(epic: string | undefined): Part<Standing> {
  const within = epic === undefined ? raw('') : sql`and epic_id = ${epic}`
  const rows = yield* all<Count>(
    sql`select status, blocked_reason, count(*) as n from task where kind in ('task', 'spawned', 'split') ${within} group by status, blocked_reason`,
  )
  return standingOf(rows.map(({ status, blocked_reason, n }) => ({ status, blockedReason: blocked_reason, n })))
}

function* standingByEpic(): Part<Map<string, Standing>> {
  const rows = yield* all<Count>(
    sql`select epic_id, status, blocked_reason, count(*) as n from task where kind in ('task', 'spawned', 'split') and epic_id is not null group by epic_id, status, blocked_reason`,
  )
  const groups = Map.groupBy(rows, (row) => row.epic_id!)
  return new Map(
    [...groups].map(([id, counts]) => [
      id,
      standingOf(counts.map(({ status, blocked_reason, n }) => ({ status, blockedReason: blocked_reason, n }))),
    ]),
  )
}
