import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import { realClock } from '../../src/app/clock.ts'
import { DroverError } from '../../src/domain/error.ts'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import type { Job } from '../../src/ports/durable.ts'
import { openDbos, type Serving } from '../../src/runtimes/dbos.ts'
import { launchDbos, untilThere } from '../../src/runtimes/dbos-launch.ts'
import { startOn } from '../../src/runtimes/dbos-runtime.ts'
import { onPostgres, type TestDatabase } from '../support/postgres.ts'

const serving: Serving = { executor: 'one', slots: 1, labels: [], run: async () => {}, settled: () => {} }
const schema = 'launch_dbos'

async function place(database: TestDatabase) {
  const { url } = await database.another()
  const create = { project: 'p', target: 'main' }
  const { ledger } = await openPostgres({ url, machine: 'test', now: realClock.now, create })
  const engine = await openDbos({ url, schema, log: () => {} })
  return { ledger, engine, clock: realClock, schemas: { dbos: schema }, patienceMs: 60_000, log: () => {} }
}

test('what the database does not answer at a start is asked again, and what drover refuses is not', async () => {
  const words = { clock: realClock, patienceMs: 60_000, log: () => {} }
  let asked = 0
  const lost = async () => {
    if (++asked < 3) throw new Error('Connection terminated unexpectedly')
    return true
  }
  assert.equal(await untilThere(words, lost), true)
  assert.equal(asked, 3)
  const refused = new DroverError('same-name', { machine: 'm', host: 'h', pid: 1 })
  await assert.rejects(
    untilThere(words, () => Promise.reject(refused)),
    refused,
  )
})

await onPostgres((database) => {
  test('DBOS begins once more when what followed its beginning broke', async () => {
    const world = await place(database)
    await world.engine.launch(serving, 'made')
    const executor = await launchDbos(world, serving)
    assert.deepEqual(await executor.query('select 1 as one', []), [{ one: 1 }])
    await executor.shutdown()
    await world.engine.close()
    await world.ledger.close()
  })

  test('whoever is told to end while DBOS cannot begin does not wait for it', async () => {
    const world = await place(database)
    const stop = new AbortController()
    const engine = { ...world.engine, launch: () => (stop.abort(), Promise.reject(new Error('away'))) }
    await assert.rejects(launchDbos({ ...world, engine, stop: stop.signal }, serving), { code: 'ledger-away' })
    await world.engine.close()
    await world.ledger.close()
  })

  test('a job that was taken by a commit whose reply was lost is begun all the same', async () => {
    const world = await place(database)
    const begun = Promise.withResolvers<string>()
    const executor = await launchDbos(world, { ...serving, run: async ({ id }) => begun.resolve(id) })
    await world.ledger.transact(() => startOn(world.engine)(job))
    const { systemDatabase } = DBOSExecutor.globalInstance!
    const { findAndMarkStartableWorkflows: mark } = systemDatabase
    systemDatabase.findAndMarkStartableWorkflows = async (...words) => {
      systemDatabase.findAndMarkStartableWorkflows = mark
      assert.deepEqual(await mark.apply(systemDatabase, words), [job.id])
      throw new Error('Connection terminated unexpectedly')
    }
    await assert.rejects(executor.poll(), /terminated/)
    await executor.poll()
    assert.equal(await begun.promise, job.id)
    await executor.shutdown()
    await world.engine.close()
    await world.ledger.close()
  })
})

const job: Job = { id: 'a/1', kind: 'drive', task: 'a', attempt: 1, lane: null }
