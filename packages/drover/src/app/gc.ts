import { schemaOf } from '../ledger/postgres-url.ts'
import { deleteFinished, finished, nothing, type Finished, type Store } from '../runtimes/finished.ts'
import type { Project } from './open-project.ts'

/** Deletes what runtimes keep of jobs that ended before this time; beside whoever drives, a little at a time. */
export async function collect(project: Project, { before, dryRun }: { before: number; dryRun: boolean }): Promise<Finished> {
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
