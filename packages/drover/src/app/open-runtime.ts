import { DroverError } from '../domain/error.ts'
import type { Job, Runtime } from '../ports/durable.ts'
import type { Surroundings } from '../flow/crew.ts'
import { schemaOf } from '../ledger/postgres-url.ts'
import { deleteFinished, finished, nothing, type Finished, type Store } from '../runtimes/finished.ts'
import { adoptOlder, openSqliteRuntime } from '../runtimes/sqlite.ts'
import { workflowVersion } from '../domain/workflow-version.ts'
import { incarnationOf, isGone } from './incarnation.ts'
import { startLeash } from './leash.ts'
import { environment } from './load-config.ts'
import type { Project } from './open-project.ts'

interface Wanted {
  /** How many agents work here at once. */
  workers: number
  log: Surroundings['log']
  stop: AbortSignal
  onFailure(job: Job, error: unknown): void
  /** Nothing that runs here is ours any more. */
  onLost(error: unknown): void
}

/** For how long the database may be away before a daemon ends. */
const patienceMs = 5 * 60_000

/** Who runs the jobs: drover itself over SQLite, DBOS over PostgreSQL. */
export async function openRuntime(project: Project, wanted: Wanted): Promise<Runtime> {
  const { ledger, ledgerAt, records, clock, config, machine } = project
  const card = incarnationOf(machine, clock.bytes(9))
  const { onFailure, log, stop } = wanted
  if ('file' in ledgerAt) {
    await adoptOlder(ledger)
    return openSqliteRuntime({ ledger, records, clock, incarnation: card.id, onFailure })
  }
  const [{ openDbos }, { openDbosRuntime }] = await Promise.all([
    import('../runtimes/dbos.ts'),
    import('../runtimes/dbos-runtime.ts'),
  ])
  const schemas = { ledger: schemaOf(project.id), dbos: `${schemaOf(project.id)}_dbos` }
  const path = environment.PATH ?? '/usr/bin:/bin'
  const leash = startLeash(project.places, { token: card.id, leaseMs: config.settings.lease, path })
  const runtime = await openDbosRuntime({
    engine: await openDbos({ url: ledgerAt.url, schema: schemas.dbos, log }),
    ledger,
    records,
    clock,
    schemas,
    card,
    version: workflowVersion,
    slots: wanted.workers,
    labels: config.settings['machine.labels'],
    leaseMs: config.settings.lease,
    patienceMs,
    stop,
    isGone,
    onFailure,
    onBeat: leash.beat,
    onMachineLost: (executor, lost) => {
      const by = { kind: 'machine', name: machine, request: `lost/${executor}` } as const
      log('warn', `${lost} is lost: what it was doing is taken over`)
      ledger
        .append([{ type: 'machine.lost', data: { machine: lost } }], by)
        .catch((error: unknown) => log('warn', `nobody is told that ${lost} is lost: ${String(error)}`))
    },
    onDead: () => wanted.onLost(new DroverError('taken-over', { machine })),
    log,
  })
  return {
    ...runtime,
    async stop() {
      await runtime.stop()
      leash.end()
    },
  }
}

/** Deletes what runtimes keep of jobs that ended before this time; beside whoever drives, a little at a time. */
export async function collectFinished(
  project: Project,
  { before, dryRun }: { before: number; dryRun: boolean },
): Promise<Finished> {
  const { ledger } = project
  const store = await storeOf(project)
  if (!store) return nothing
  if (dryRun) return ledger.ask(() => finished(store, before))
  let sum = nothing
  for (;;) {
    const gone = await ledger.transact(() => deleteFinished(store, before))
    if (Object.values(gone).every((count) => count === 0)) return sum
    sum = added(sum, gone)
  }
}

const added = (one: Finished, other: Finished): Finished => ({
  jobs: one.jobs + other.jobs,
  steps: one.steps + other.steps,
  processes: one.processes + other.processes,
  wishes: one.wishes + other.wishes,
})

/** Nothing in a database that nobody has driven yet: DBOS's tables are made by who drives. */
async function storeOf({ ledger, ledgerAt, id }: Project): Promise<Store | undefined> {
  if ('file' in ledgerAt) return 'file'
  const isMade = await ledger.ask(function* () {
    return (yield { texts: ["select to_regclass('job_given_up') is not null as made"], values: [] })[0]?.['made']
  })
  return isMade ? { dbos: `${schemaOf(id)}_dbos` } : undefined
}
