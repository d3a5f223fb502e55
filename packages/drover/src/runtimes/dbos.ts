import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { DBOS, DBOSClient, DBOSWorkflowConflictError, type DLogger } from '@dbos-inc/dbos-sdk'
import { currentOwnerXid } from '@dbos-inc/dbos-sdk/internal/context'
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import { DBOSWorkflowCancelledError } from '@dbos-inc/dbos-sdk/internal/error'
import { dbRetryConfig } from '@dbos-inc/dbos-sdk/internal/utils'
import { WorkflowQueue } from '@dbos-inc/dbos-sdk/internal/wfqueue'
import { lostLimit } from '../domain/settle.ts'
import type { Job } from '../ports/durable.ts'
import { workflowVersion } from '../domain/workflow-version.ts'

/**
 * DBOS 5.3, and nothing else of drover knows it. What its public interface does not have comes from `internal/*`: recovery of
 * another executor's work, the token of an execution, and a queue whose limit is this process's own (a registered one has one
 * row for all machines). `~5.3.0` is pinned, and the tests of this runtime stand on every one of them.
 */
export interface Engine {
  /** Writes the job's row in somebody's own transaction. The same id twice is once. */
  enqueue(connection: unknown, job: Job, ordinal: number): Promise<void>
  /** Nothing runs until it is asked to poll. `made`: DBOS's tables are made, or brought up to date, before. */
  launch(serving: Serving, tables: 'as it is' | 'made'): Promise<Executor>
  close(): Promise<void>
}

export interface Serving {
  executor: string
  /** How many drive jobs run here at once. */
  slots: number
  /** What it has: queues that need something else are not its own. */
  labels: readonly string[]
  run(job: Job, execution: Execution): Promise<void>
  /** DBOS has written how the job ended here, or lets go of it. */
  settled(job: string): void
}

/** One execution of one job. */
export interface Execution {
  /** DBOS's token of it; with another one in the row, somebody else has the job. */
  readonly owner: string
  /** What executions before it remembered, in order. */
  remembered(): Promise<readonly Remembered[]>
  /** Writes the next row, if the job is still ours; returns what an earlier execution wrote there. */
  remember(row: Remembered): Promise<unknown>
}

export interface Remembered {
  name: string
  value: unknown
}

export interface Executor {
  query(text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  /** Takes as many jobs as there is room for. */
  poll(): Promise<void>
  /** Gives back to the queue what these executors left behind; DBOS counts each taking. */
  recover(executors: readonly string[]): Promise<void>
  shutdown(): Promise<void>
}

type Log = (level: 'info' | 'warn' | 'error', words: string) => void

const application = 'drover'
/** A minute, DBOS's own longest wait, is longer than it takes for a lease to end. */
const longestRetryS = 2

/** For so long a server may be at a commit whose asker is gone. */
const unsureMs = 30_000

let serving: Serving | undefined

const runHere = async (job: Job): Promise<void> => {
  const owner = currentOwnerXid(job.id)
  if (!serving || owner === undefined) throw leaving(job.id)
  // DBOS knows by the place it is called from which execution speaks; anywhere else it would run a step and not remember it.
  const within = AsyncLocalStorage.snapshot()
  const remember = ({ name: step, value }: Remembered): Promise<unknown> =>
    within(() => DBOS.runStep(async () => value, { name: step }))
  await serving.run(job, { owner, remembered: () => rememberedOf(job.id), remember })
}

// Once in a process, and before its start: DBOS keeps itself in static places.
for (const name of ['drive', 'land'] satisfies Job['kind'][])
  DBOS.registerWorkflow((job: Job) => runHere(job), { name, maxRecoveryAttempts: lostLimit - 1 })

async function rememberedOf(job: string): Promise<Remembered[]> {
  const steps = (await DBOSExecutor.globalInstance!.listWorkflowSteps(job)) ?? []
  return steps.map(({ name, output }) => ({ name, value: output }))
}

/** The one way to leave an execution without a word: DBOS writes any other error down as the job's result. */
export const leaving = (job: string): Error => new DBOSWorkflowConflictError(job)

export const isLeaving = (error: unknown): boolean =>
  error instanceof DBOSWorkflowConflictError || error instanceof DBOSWorkflowCancelledError

/** One for each set of labels that a machine must have. */
const queueOf = ({ kind, labels = [] }: Pick<Job, 'kind' | 'labels'>): string =>
  labels.length === 0 ? `drover-${kind}` : `drover-${kind} ${JSON.stringify(labels)}`

const labelsOf = (queue: string): string[] => JSON.parse(/ (\[.*\])$/s.exec(queue)?.[1] ?? '[]') as string[]

export async function openDbos(where: {
  url: string
  schema: string
  log: Log
  version?: string | undefined
}): Promise<Engine> {
  const { schema: systemDatabaseSchemaName, version = workflowVersion } = where
  const systemDatabaseUrl = withTimeout(where.url)
  const logger = quiet(where.log)
  const client = await DBOSClient.create({
    systemDatabaseUrl,
    systemDatabaseSchemaName,
    systemDatabasePoolSize: 1,
    applicationName: application,
    logger,
  })
  dbRetryConfig.maxBackoffSec = longestRetryS
  const configure = (executorID: string, runMigrations: boolean): void =>
    DBOS.setConfig({
      name: application,
      systemDatabaseUrl,
      systemDatabaseSchemaName,
      systemDatabasePoolSize: 5,
      executorID,
      runMigrations,
      applicationVersion: version,
      enablePatching: true,
      listenQueues: [],
      useListenNotify: false,
      logger,
    })
  return {
    async enqueue(connection, job, ordinal) {
      const options = {
        workflowName: job.kind,
        queueName: queueOf(job),
        workflowID: job.id,
        priority: ordinal,
        appVersion: version,
      }
      const lane = job.lane === null ? {} : { queuePartitionKey: job.lane }
      await client.enqueueInTransaction(
        connection as Parameters<DBOSClient['enqueueInTransaction']>[0],
        { ...options, ...lane },
        job,
      )
    },
    async launch(given, tables) {
      serving = given
      await DBOS.shutdown() // of a launch that failed half way: nothing can be configured before
      configure(given.executor, tables === 'made')
      await DBOS.launch()
      return executorOf(given, { version, schema: systemDatabaseSchemaName })
    },
    close: () => client.destroy(),
  }
}

/** Who stands still in the middle of a transaction lets go of its locks. DBOS would set it in a way that its driver warns of. */
function withTimeout(url: string): string {
  const found = new URL(url)
  const said = found.searchParams.get('options') ?? ''
  found.searchParams.set('options', `${said} -c idle_in_transaction_session_timeout=60000`.trim())
  return found.href
}

function executorOf(
  { executor, slots, labels, settled }: Serving,
  { version, schema }: { version: string; schema: string },
): Executor {
  const dbos = DBOSExecutor.globalInstance!
  const { systemDatabase } = dbos
  const land = queue(queueOf({ kind: 'land' }), { partitionConcurrency: 1 })
  const drive = queueOf({ kind: 'drive' })
  const drives = new Set([drive])
  const query: Executor['query'] = async (text, values) => (await systemDatabase.pool.query(text, [...values])).rows
  const table = `"${schema}".workflow_status`
  /** Takings of which nobody knows whether they came about whole, and since when: a commit whose reply was lost has taken jobs that nobody begins. */
  const unsure = new Map<string, number>()
  const entryOf = (id: string) => systemDatabase.runningWorkflowMap.get(id)?.at(-1)
  const take = async (mark: (owner: string) => Promise<string[]>): Promise<void> => {
    const owner = randomUUID()
    unsure.set(owner, performance.now())
    const ids = await mark(owner)
    await dbos.dispatchDequeuedWorkflows(ids, owner)
    // One that is over already, or may not begin any more, has no entry.
    for (const id of ids) void (entryOf(id)?.promise ?? Promise.resolve()).finally(() => settled(id))
    if (ids.every(entryOf)) unsure.delete(owner)
  }
  /** What was taken and never begun waits again, as if nobody had. */
  const giveBack = async (): Promise<void> => {
    const owners = [...unsure.keys()]
    const taken = await query(
      `select workflow_uuid as id from ${table} where status = 'PENDING' and owner_xid = any ($1)`,
      [owners],
    )
    const idle = taken.map(({ id }) => String(id)).filter((id) => !entryOf(id))
    if (idle.length > 0)
      await query(
        `update ${table} set status = 'ENQUEUED', started_at_epoch_ms = null, owner_xid = null,
          recovery_attempts = greatest(recovery_attempts - 1, 0)
          where status = 'PENDING' and owner_xid = any ($1) and workflow_uuid = any ($2)`,
        [owners, idle],
      )
    // The server may still be at a commit that we have given up.
    for (const [owner, since] of unsure) if (performance.now() - since > unsureMs) unsure.delete(owner)
  }
  const runningIn = (name: string): number => systemDatabase.countRunningWorkflowsForQueue(name)
  /** Queues in which something waits. DBOS asks seven times to find that there is nothing, and most looks find nothing. */
  const waiting = async (): Promise<string[]> => {
    const rows = await query(
      `select distinct queue_name as name from ${table}
        where status = 'ENQUEUED' and (queue_name in ($1, $2) or queue_name like $3)`,
      [drive, land.name, `${drive} [%`],
    )
    return rows.map(({ name }) => name as string)
  }
  const isDrivenHere = (name: string): boolean =>
    name === drive || (name.startsWith(`${drive} `) && labelsOf(name).every((label) => labels.includes(label)))
  const pollDrive = async (name: string): Promise<void> => {
    const running = runningIn(name)
    const room = slots - [...drives].reduce((sum, one) => sum + runningIn(one), 0)
    if (room <= 0) return
    const limited = queue(name, { workerConcurrency: running + room })
    await take((owner) =>
      systemDatabase.findAndMarkStartableWorkflows(limited, executor, version, undefined, running, 0, owner),
    )
  }
  return {
    query,
    async poll() {
      if (unsure.size > 0) await giveBack()
      const names = await waiting()
      for (const name of names) if (isDrivenHere(name)) drives.add(name)
      // What only few can do goes first.
      for (const name of [...drives].toReversed()) if (names.includes(name)) await pollDrive(name)
      if (!names.includes(land.name)) return
      await take((owner) =>
        systemDatabase.findAndMarkStartablePartitionedWorkflows(land, executor, version, Infinity, owner),
      )
    },
    recover: async (executors) => void (await dbos.recoverPendingWorkflows([...executors])),
    shutdown: () => DBOS.shutdown(),
  }
}

/** Its limit is this process's own, and it is asked when there is something to ask for: DBOS's runner does not know it. */
const queue = (name: string, limits: Parameters<typeof WorkflowQueue.recordFromParams>[1]): WorkflowQueue =>
  new WorkflowQueue(WorkflowQueue.recordFromParams(name, limits), false)

const sameAgainMs = 60_000

/** What it did is no news to anybody; what went wrong stands in the daemon's log, the same words once a minute. */
function quiet(log: Log): DLogger {
  const said = new Map<string, number>()
  const once = (level: 'info' | 'warn', words: unknown): void => {
    const line = `DBOS: ${String(words)}`
    if (performance.now() - (said.get(line) ?? -Infinity) < sameAgainMs) return
    if (said.size > 100) said.clear()
    said.set(line, performance.now())
    log(level, line)
  }
  return {
    debug: () => {},
    info: () => {},
    warn: (words) => once('info', words),
    error: (words) => once('warn', words),
  }
}
