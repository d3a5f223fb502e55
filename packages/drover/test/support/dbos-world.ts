import { realClock } from '../../src/app/clock.ts'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import { schemaOf } from '../../src/ledger/postgres-url.ts'
import type { Job } from '../../src/ports/durable.ts'
import { openDbos } from '../../src/runtimes/dbos.ts'
import { startOn } from '../../src/runtimes/dbos-runtime.ts'
import type { RuntimeWorld } from '../conformance/runtime.ts'
import { created, person } from './drafts.ts'
import type { RunnerWords } from './job-runner.ts'
import { type RemoteRuntime, startRunner } from './job-runners.ts'
import type { TestDatabase } from './postgres.ts'

export interface DbosWorld extends Omit<RuntimeWorld, 'begin'> {
  url: string
  /** A process that runs jobs; those before it live on. */
  runner(about?: Partial<RunnerWords>, onFailure?: (job: Job, error: unknown) => void): RemoteRuntime
}

const project = 'p'

/** A ledger in a database of its own, and processes that run its jobs. */
export async function dbosWorld(database: TestDatabase): Promise<DbosWorld> {
  const { url } = await database.another(await (template ??= makeTemplate(database)))
  const { ledger } = await openPostgres({ url, project, machine: 'test', now: realClock.now })
  const engine = await openDbos({ url, schema: `${schemaOf(project)}_dbos`, log: () => {} })
  const runners: RemoteRuntime[] = []
  return {
    url,
    runner(about = {}, onFailure = (_, error) => void console.error(error)) {
      const words = { url, project, machine: `m${runners.length + 1}`, leaseMs: 1_000, slots: 8, ...about }
      const runner = startRunner({ ...words, start: startOn(engine), onFailure })
      runners.push(runner)
      return runner
    },
    transact: (part) => ledger.transact(part),
    async attempt(task) {
      await ledger.append([created(task)], person())
      const claim = { machine: 'm', slot: 1, epic: null, hands: [], defaultAgent: '', now: Date.now() }
      await ledger.claim(claim, function* () {})
    },
    async [Symbol.asyncDispose]() {
      for (const runner of runners) runner.kill('SIGKILL')
      await Promise.all(runners.map(({ ended }) => ended))
      await engine.close()
      await ledger.close()
    },
  }
}

let template: Promise<string> | undefined

/** The tables of ledger and DBOS, made as a first start makes them. */
async function makeTemplate(database: TestDatabase): Promise<string> {
  const { url } = await database.another()
  const { ledger } = await openPostgres({
    url,
    machine: 'test',
    now: realClock.now,
    create: { project, target: 'main' },
  })
  await ledger.close()
  const words = { url, project, machine: 'm', leaseMs: 60_000, slots: 1 }
  const first = startRunner({ ...words, start: function* () {}, onFailure: () => {} })
  await first.serve({ drive: async () => {}, land: async () => {} })
  await first.stop()
  first.kill('SIGKILL')
  await first.ended
  return new URL(url).pathname.slice(1)
}
