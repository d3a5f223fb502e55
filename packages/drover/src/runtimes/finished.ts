import type { Part, Query } from '../ports/ledger.ts'

const sql = (texts: TemplateStringsArray, ...values: unknown[]): Query => ({ texts, values })
/** Names of tables stand in a statement's text; these are ours. */
const text = (words: string, values: readonly unknown[]): Query => ({ texts: words.split('?'), values })

export interface Finished {
  jobs: number
  /** What was remembered of them. */
  steps: number
  /** Processes that ran jobs and are dead. Only a database has them. */
  processes: number
  /** What commands asked of a daemon, and were answered. */
  wishes: number
}

export const nothing: Finished = { jobs: 0, steps: 0, processes: 0, wishes: 0 }

/** So many jobs at once: nobody who drives waits for longer. */
const batch = 500

/** Where jobs and what they remember are: on a file ours, in a database DBOS's, whose tables this schema has. */
export type Store = { dbos: string } | 'file'

/** How much there is that nobody will ask for again: everything that is said of a task is in its events. */
export function* finished(store: Store, before: number): Part<Finished> {
  const ids = JSON.stringify(yield* oldJobs(store, before))
  const { steps: table, job } = tablesOf(store)
  const [steps] = yield text(`select count(*) as n from ${table} where ${job} in (select value from json_each(?))`, [
    ids,
  ])
  const [wishes] = yield sql`select count(*) as n from wish where answer is not null and at < ${before}`
  const processes = store === 'file' ? [] : yield text(deadProcesses('select executor.id', store), [before])
  return {
    jobs: (JSON.parse(ids) as string[]).length,
    steps: Number(steps!.n),
    processes: processes.length,
    wishes: Number(wishes!.n),
  }
}

/** Deletes some of it, and says how much: nothing when all is gone. */
export function* deleteFinished(store: Store, before: number): Part<Finished> {
  const ids = (yield* oldJobs(store, before)).slice(0, batch)
  const { steps: table, job, payloads, jobs } = tablesOf(store)
  const these = JSON.stringify(ids)
  const among = (name: string, column: string): Query =>
    text(`delete from ${name} where ${column} in (select value from json_each(?)) returning 1 as gone`, [these])
  const steps = yield among(table, job)
  for (const name of payloads) yield among(name, 'workflow_uuid')
  const gone = yield among(jobs.name, jobs.id)
  const wishes = yield sql`delete from wish where answer is not null and at < ${before} returning 1 as gone`
  const processes =
    store === 'file' ? [] : yield text(`${deadProcesses('delete', store)} returning 1 as gone`, [before])
  return { jobs: gone.length, steps: steps.length, processes: processes.length, wishes: wishes.length }
}

const tablesOf = (store: Store) =>
  store === 'file'
    ? { steps: 'step', job: 'job', payloads: [], jobs: { name: 'job', id: 'id' } }
    : {
        steps: `"${store.dbos}".operation_outputs`,
        job: 'workflow_uuid',
        // DBOS keeps what went in and came out beside the row, without a foreign key.
        payloads: [`"${store.dbos}".workflow_input`, `"${store.dbos}".workflow_output`],
        jobs: { name: `"${store.dbos}".workflow_status`, id: 'workflow_uuid' },
      }

/**
 * Jobs that have ended, of tasks that are over, or of attempts that another one came after. One of a task that is not over may be
 * asked for: whether it was given up, or that it is not to be started twice.
 */
function* oldJobs(store: Store, before: number): Part<string[]> {
  const jobs =
    store === 'file'
      ? 'select id, task, attempt from job where done = 1'
      : `select workflow_uuid as id, split_part(workflow_uuid, '/', 1) as task, split_part(workflow_uuid, '/', 2)::integer as attempt
          from "${store.dbos}".workflow_status where name in ('drive', 'land') and status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')`
  const rows = yield text(
    `select ended.id from (${jobs}) as ended join task on task.id = ended.task
        join attempt on attempt.task = ended.task and attempt.attempt = ended.attempt
      where attempt.ended_at < ? and ((task.status in ('completed', 'failed', 'cancelled') and task.finished_at < ?) or ended.attempt < task.attempt)
      order by ended.id`,
    [before, before],
  )
  return rows.map(({ id }) => String(id))
}

const deadProcesses = (verb: string, { dbos }: { dbos: string }): string =>
  `${verb} from executor where dead_at < ? and not exists (select 1 from "${dbos}".workflow_status as one
    where one.executor_id = executor.id and one.status in ('ENQUEUED', 'PENDING'))`
