import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Durable, Job, Workflow } from '../../src/ports/durable.ts'
import { type DbosWorld, dbosWorld } from '../support/dbos-world.ts'
import { asked, onPostgres } from '../support/postgres.ts'

const job = (task: string): Job => ({ id: `${task}/1`, kind: 'drive', task, attempt: 1, lane: null })
const land: Workflow = async () => {}
const never = <T>(): Promise<T> => new Promise<T>(() => {})

/** Says which process does which step, and stands still in the second one of the first process. */
function diary() {
  const lines: string[] = []
  const reached = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const wake = Promise.withResolvers<void>()
  const asDoneBy =
    (who: string, second: () => Promise<string>): Workflow =>
    async (_: Job, durable: Durable) => {
      await durable.step('one', async () => (lines.push(`${who}: one`), 1))
      await durable.step('two', async () => (lines.push(`${who}: two`), second()))
      await durable.step('three', async () => (lines.push(`${who}: three`), 3))
      over.resolve()
    }
  return { lines, reached, over, wake, asDoneBy }
}

async function begun(world: DbosWorld, first: ReturnType<DbosWorld['runner']>): Promise<void> {
  await world.attempt('a')
  await world.transact(() => first.start(job('a')))
}

const sinceMs = (start: number): number => Math.round(performance.now() - start)

await onPostgres((database) => {
  test('what a killed machine ran goes on elsewhere behind its last step, when its lease is over', async (t) => {
    await using world = await dbosWorld(database)
    const { lines, reached, over, asDoneBy } = diary()
    const first = world.runner({ host: 'elsewhere', leaseMs: 1_500 })
    const second = world.runner({ leaseMs: 1_500 })
    await begun(world, first)
    await first.serve({ drive: asDoneBy('first', () => (reached.resolve(), never())), land })
    await reached.promise
    await second.serve({ drive: asDoneBy('second', async () => 'done'), land })
    const killedAt = performance.now()
    first.kill('SIGKILL')
    await over.promise
    const took = sinceMs(killedAt)
    t.diagnostic(`taken over ${took} ms after kill -9, with a lease of 1500 ms`)
    await second.idle()
    assert.deepEqual(lines, ['first: one', 'first: two', 'second: two', 'second: three'])
    assert.deepEqual(await second.living(), [])
    assert.ok(took > 500, 'nobody takes over before the lease is over')
    assert.ok(took < 1_500 + 2_000, `${took} ms`)
  })

  test('what a killed machine did for itself alone is done again elsewhere', async () => {
    await using world = await dbosWorld(database)
    const lines: string[] = []
    const [reached, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const asDoneBy =
      (who: string, last: () => Promise<string>): Workflow =>
      async (_: Job, durable: Durable) => {
        await durable.step('one', async () => (lines.push(`${who}: one`), 1))
        await durable.step('two', async () => (lines.push(`${who}: two`), 2), 'here')
        await durable.step('three', async () => (lines.push(`${who}: three`), last()), 'light')
        over.resolve()
      }
    const [first, second] = [world.runner(), world.runner()]
    await begun(world, first)
    await first.serve({ drive: asDoneBy('first', () => (reached.resolve(), never())), land })
    await reached.promise
    first.kill('SIGKILL')
    await first.ended
    await second.serve({ drive: asDoneBy('second', async () => 'done'), land })
    await over.promise
    await second.idle()
    assert.deepEqual(lines, ['first: one', 'first: two', 'first: three', 'second: two', 'second: three'])
  })

  test('a process of this very host that is no more is not waited for', async (t) => {
    await using world = await dbosWorld(database)
    const { lines, reached, over, asDoneBy } = diary()
    const first = world.runner({ leaseMs: 60_000 })
    await begun(world, first)
    await first.serve({ drive: asDoneBy('first', () => (reached.resolve(), never())), land })
    await reached.promise
    first.kill('SIGKILL')
    await first.ended
    const second = world.runner({ leaseMs: 60_000 })
    const begins = performance.now()
    await second.serve({ drive: asDoneBy('second', async () => 'done'), land })
    await over.promise
    t.diagnostic(`taken over ${sinceMs(begins)} ms after the next start, with a lease of a minute`)
    assert.deepEqual(lines, ['first: one', 'first: two', 'second: two', 'second: three'])
  })

  test('what a machine has not done when it stops in order, others do at once, and it counts for nothing', async (t) => {
    await using world = await dbosWorld(database)
    const { lines, reached, over, asDoneBy } = diary()
    const first = world.runner({ host: 'elsewhere', leaseMs: 60_000 })
    const second = world.runner({ leaseMs: 60_000 })
    await begun(world, first)
    const cut: Workflow = async (_, durable) => {
      await durable.step('one', async () => (lines.push('first: one'), 1))
      await durable.step('two', async (step) => {
        reached.resolve()
        await new Promise((resolve) => step.signal.addEventListener('abort', resolve))
        step.endIfStopping()
      })
    }
    await first.serve({ drive: cut, land })
    await reached.promise
    await second.serve({ drive: asDoneBy('second', async () => 'done'), land })
    const stoppedAt = performance.now()
    await first.stop()
    await over.promise
    const took = sinceMs(stoppedAt)
    t.diagnostic(`taken over ${took} ms after it was asked to stop, with a lease of a minute`)
    assert.deepEqual(lines, ['first: one', 'second: two', 'second: three'])
    assert.ok(took < 2_000, `${took} ms`)
    const [row] = await asked(world.url, 'select recovery_attempts as n from drover_p_dbos.workflow_status')
    assert.equal(Number(row!['n']), 1)
  })

  test('a machine that stood still for longer than its lease begins no further step and is told so', async () => {
    await using world = await dbosWorld(database)
    const { lines, reached, over, wake, asDoneBy } = diary()
    const first = world.runner({ host: 'elsewhere' })
    const second = world.runner()
    await begun(world, first)
    await first.serve({ drive: asDoneBy('first', () => (reached.resolve(), wake.promise.then(() => 'late'))), land })
    await reached.promise
    await second.serve({ drive: asDoneBy('second', async () => 'done'), land })
    first.kill('SIGSTOP')
    await over.promise
    await second.idle()
    wake.resolve()
    first.kill('SIGCONT')
    await first.dead
    await first.idle()
    assert.deepEqual(lines, ['first: one', 'first: two', 'second: two', 'second: three'])
    const rows = await asked(
      world.url,
      "select output from drover_p_dbos.operation_outputs where function_name = 'two'",
    )
    assert.equal(rows.length, 1)
    assert.match(String(rows[0]!['output']), /done/)
  })

  test('a task that takes its machine with it each time is given up after four', async () => {
    await using world = await dbosWorld(database)
    let deaths = 0
    await begun(world, world.runner())
    for (;;) {
      const runner = world.runner({ leaseMs: 60_000 })
      const dies: Workflow = async (_, durable) => {
        await durable.step('poison', async () => {
          deaths++
          runner.kill('SIGKILL')
          return never()
        })
      }
      await runner.serve({ drive: dies, land })
      const how = await Promise.race([runner.ended.then(() => 'died'), givenUp(world)])
      if (how === 'given up') {
        assert.equal(await runner.deaths('a/1'), 4)
        assert.deepEqual(await runner.living(), [])
        break
      }
    }
    assert.equal(deaths, 4)
  })

  test('a job of another workflow version is left to who knows it, and begun anew when nobody does any more', async () => {
    await using world = await dbosWorld(database)
    const { lines, reached, asDoneBy } = diary()
    const old = world.runner()
    const idle = world.runner()
    await begun(world, old)
    await old.serve({ drive: asDoneBy('old', () => (reached.resolve(), never())), land })
    await reached.promise
    await idle.serve({ drive: async () => never(), land })
    const next = world.runner({ version: 'drover-wf-2' })
    await next.serve({ drive: asDoneBy('next', async () => 'done'), land })
    await world.attempt('b')
    await world.transact(() => next.start({ ...job('b'), id: 'b/1' }))
    assert.deepEqual(
      (await next.living()).map(({ id, isElsewhere }) => `${id} ${isElsewhere ? 'elsewhere' : 'waits'}`),
      ['a/1 elsewhere', 'b/1 waits'],
    )
    assert.deepEqual(lines, ['old: one', 'old: two'])
    old.kill('SIGKILL')
    idle.kill('SIGKILL')
    while ((await next.living()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(
      lines.filter((line) => line.startsWith('next')).toSorted(),
      ['one', 'one', 'three', 'three', 'two', 'two'].map((step) => `next: ${step}`),
    )
  })
})

async function givenUp({ url }: DbosWorld): Promise<'given up'> {
  for (;;) {
    const rows = await asked(url, 'select 1 from drover_p.job_given_up')
    if (rows.length > 0) return 'given up'
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
