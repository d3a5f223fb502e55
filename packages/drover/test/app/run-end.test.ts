import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import type { NewEvent } from '../../src/domain/event.ts'
import { created, person } from '../support/drafts.ts'
import { makeWorld, type Running, type World } from '../support/world.ts'

const pauseMs = 3_000

/** A run with one task that stands still at this point of its end until the test has had its way. */
async function runThatWaits(t: TestContext, point: string, command = 'true'): Promise<{ world: World; run: Running }> {
  const world = await makeWorld(t)
  await world.add('first', command, '--max-attempts', '1')
  const log = join(world.folder, 'points')
  world.env['NODE_ENV'] = 'test'
  world.env['DROVER_FAULTS'] = JSON.stringify({ faults: [{ point, nth: 1, what: pauseMs }], log })
  const run = world.start('run')
  delete world.env['DROVER_FAULTS']
  await world.until(`the run waits at ${point}`, async () =>
    existsSync(log) && readFileSync(log, 'utf8').includes(`! ${point} `) ? true : undefined,
  )
  return { world, run }
}

/** At once: a command would have to start first, and the run waits for three seconds only. */
async function say(world: World, event: NewEvent): Promise<void> {
  const { ledger } = await world.ledger()
  const said = await ledger.append([event], person())
  assert.equal(said.outcome, 'appended')
}

describe('the end of a run', () => {
  test('what is added before it has said that it ends is still worked on', { timeout: 60_000 }, async (t) => {
    const { world, run } = await runThatWaits(t, 'run end before')
    await say(world, created('just-in-time'))
    const { code, stdout, stderr } = await run.ended
    assert.equal(code, 0, stdout + stderr)
    assert.equal(await world.status('just-in-time'), 'completed')
    assert.match(stdout, /2 completed, .* of 2/)
    const finished = await world.all('run.finished')
    assert.deepEqual(
      finished.map(({ data }) => data.completed),
      [2],
    )
  })

  test('what is added after that is left to the next run, and no agent is said to be missing', async (t) => {
    const { world, run } = await runThatWaits(t, 'jobs stopped before')
    await say(world, created('too-late'))
    const { code, stdout, stderr } = await run.ended
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /1 completed, .* of 1\b/)
    assert.doesNotMatch(stderr, /no agent/)
    assert.match(stderr, /1 task came up after the run had ended.*drover run/s)
    assert.equal(await world.status('too-late'), 'ready')
    await world.run()
    assert.equal(await world.status('too-late'), 'completed')
  })

  test('what somebody sets going again after that does not change what the run came to', async (t) => {
    const { world, run } = await runThatWaits(t, 'jobs stopped before', 'false')
    await say(world, { type: 'task.reopened', task: 'first', data: { fresh: false, note: '' } })
    const { code, stdout, stderr } = await run.ended
    assert.equal(code, 8, stdout + stderr)
    assert.match(stdout, /0 completed, 1 failed/)
    assert.doesNotMatch(stderr, /no agent/)
  })

  test('a run that is started while another one ends does not leave the work to it', { timeout: 60_000 }, async (t) => {
    const { world, run } = await runThatWaits(t, 'jobs stopped before')
    await say(world, created('mine'))
    const follower = await world.run()
    assert.match(follower.stderr, /following it/)
    assert.equal(await world.status('mine'), 'completed')
    assert.equal((await run.ended).code, 0)
  })

  test('a run that followed another one which was stopped says that nobody drives any more', async (t) => {
    const world = await makeWorld(t)
    await world.add('long', 'echo x >> "$MARKS/starts"; sleep 30')
    const first = world.start('run')
    await world.untilMarked('starts')
    const follower = world.start('run')
    await world.until('it follows', async () => (follower.said().includes('following it') ? true : undefined))
    first.send('SIGINT')
    await first.ended
    const { code, stderr } = await follower.ended
    assert.equal(code, 75)
    assert.match(stderr, /1 task is still ready: nobody drives any more.*drover run/s)
  })
})
