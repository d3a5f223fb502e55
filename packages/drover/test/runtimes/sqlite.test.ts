import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realClock } from '../../src/app/clock.ts'
import { openSqlite } from '../../src/ledger/open.ts'
import { openSqliteRuntime } from '../../src/runtimes/sqlite.ts'
import { runtimeSuite, type RuntimeWorld } from '../conformance/runtime.ts'
import { created, person } from '../support/drafts.ts'

async function open(): Promise<RuntimeWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'drover-runtime-'))
  const { ledger, records } = await openSqlite({
    file: join(folder, 'drover.db'),
    machine: 'm',
    now: Date.now,
    create: { project: 'p', target: 'main' },
  })
  let processes = 0
  return {
    begin: (onFailure = (_, error) => void console.error(error)) =>
      openSqliteRuntime({ ledger, records, clock: realClock, incarnation: `process ${++processes}`, onFailure }),
    transact: (part) => ledger.transact(part),
    async attempt(task) {
      await ledger.append([created(task)], person())
      await ledger.claim(
        { machine: 'm', slot: 1, epic: null, hands: [], defaultAgent: '', now: Date.now() },
        function* () {},
      )
    },
    async [Symbol.asyncDispose]() {
      await ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
}

runtimeSuite('sqlite', open)
