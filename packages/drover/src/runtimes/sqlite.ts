import { DroverError } from '../domain/error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Job, Runtime } from '../ports/durable.ts'
import type { Ledger, Part, Query } from '../ports/ledger.ts'
import type { Records } from '../ports/records.ts'
import { runJobs, type JobStore, type StepRow } from './runner.ts'
import { numberOf, workflowVersion } from '../domain/workflow-version.ts'

const sql = (texts: TemplateStringsArray, ...values: unknown[]): Query => ({ texts, values })

interface Options {
  ledger: Ledger
  records: Records
  clock: Clock
  /** New at every start of the process. */
  incarnation: string
  onFailure(job: Job, error: unknown): void
}

/**
 * Jobs and steps beside the ledger. There is no lease to expire: the project's lock, which the kernel gives back when
 * a process dies, says exactly whether the holder lives.
 */
export function openSqliteRuntime({ ledger, records, clock, incarnation, onFailure }: Options): Runtime {
  let serving = false
  const store: JobStore = {
    holder: incarnation,
    *start(job) {
      const holder = serving ? incarnation : null
      yield sql`insert into job (id, ordinal, kind, task, attempt, lane, holder, version)
        values (${job.id}, (select coalesce(max(ordinal), 0) + 1 from job), ${job.kind}, ${job.task}, ${job.attempt}, ${job.lane}, ${holder}, ${workflowVersion}) on conflict do nothing`
      if (holder) yield* records.hold(job.task, job.attempt, holder)
    },
    living: () => read(ledger, livingJobs),
    async take(job) {
      const steps = await read(ledger, () => stepsOf(job.id))
      if (!(await this.holds(job))) await ledger.transact(() => take(records, job, incarnation))
      return steps
    },
    async holds(job) {
      const rows = await read(ledger, function* (): Part<readonly Record<string, unknown>[]> {
        return yield sql`select 1 as held from job join attempt on attempt.task = job.task and attempt.attempt = job.attempt
          where job.id = ${job.id} and job.holder = ${incarnation} and attempt.holder = ${incarnation}`
      })
      return rows.length > 0
    },
    *write(job, steps, done) {
      for (const { seq, name, result } of steps)
        yield sql`insert into step (job, seq, name, result) values (${job}, ${seq}, ${name}, ${JSON.stringify(result)}) on conflict do nothing`
      if (done) yield sql`update job set done = 1 where id = ${job}`
    },
    transact: (part) => ledger.transact(part),
  }
  const runtime = runJobs({ store, clock, onFailure })
  return {
    ...runtime,
    serve(workflows) {
      serving = true
      return runtime.serve(workflows)
    },
  }
}

const read = <T>(ledger: Ledger, part: () => Part<T>): Promise<T> => ledger.ask(part)

function* livingJobs(): Part<Job[]> {
  const rows = yield sql`select id, kind, task, attempt, lane from job where done = 0 order by ordinal`
  return rows.map((row) => ({ ...row }) as unknown as Job)
}

function* stepsOf(job: string): Part<StepRow[]> {
  const rows = yield sql`select seq, name, result from step where job = ${job} order by seq`
  return rows.map((row) => ({
    seq: row.seq as number,
    name: row.name as string,
    result: JSON.parse(row.result as string) as unknown,
  }))
}

function* take(records: Records, job: Job, holder: string): Part {
  yield sql`update job set holder = ${holder} where id = ${job.id}`
  yield* records.hold(job.task, job.attempt, holder)
}

/**
 * What a drover with another workflow version left here. An older one's is taken into ours: an attempt is begun at its first step,
 * because what it has done is found where it was done; a landing that has begun goes on. A newer one's we cannot read: nothing is
 * touched, and who can comes again.
 */
export async function adoptOlder(ledger: Ledger): Promise<void> {
  const other = await ledger.ask(ofOthers)
  const newer = other.find(({ version }) => numberOf(version) > numberOf(workflowVersion))
  if (newer) throw new DroverError('newer-work', { job: newer.id, version: newer.version })
  if (other.length > 0) await ledger.transact(adopt)
}

function* ofOthers(): Part<{ id: string; version: string }[]> {
  const rows = yield sql`select id, version from job where done = 0 and version <> ${workflowVersion} order by ordinal`
  return rows.map(({ id, version }) => ({ id: String(id), version: String(version) }))
}

function* adopt(): Part {
  yield sql`delete from step where job in (select id from job where done = 0 and kind = 'drive' and version <> ${workflowVersion})`
  yield sql`update job set version = ${workflowVersion} where done = 0 and version <> ${workflowVersion}`
}
