import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeWorld, type World } from '../support/world.ts'

const hour = 3_600_000
const untilGo = 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'

/** A world whose clock can be set. */
async function withClock(t: TestContext, settings = ''): Promise<World & { set(ms: number): void }> {
  const world = await makeWorld(t, { settings })
  const file = join(world.folder, 'shift')
  world.env['SHIFT_FILE'] = file
  world.env['NODE_OPTIONS'] = `--import ${new URL('shifted-clock.mjs', import.meta.url).href}`
  return Object.assign(world, { set: (ms: number) => writeFileSync(file, String(ms)) })
}

/** Every number and words that tell how long something took. */
function assertNoNegativeDuration(said: string): void {
  for (const [, name, value] of said.matchAll(/"(\w*(?:durationMs|etaSeconds|Seconds))": (-?[\d.]+)/g))
    assert.ok(Number(value) >= 0, `${name} is ${value}`)
  assert.doesNotMatch(said, /-\d+(?:ms|s|m|h|d)\b/)
}

test('no attempt minds that the clock is set by hours, forwards and back, also over a restart', async (t) => {
  const world = await withClock(t, 'task_timeout = "20m"\nstall_timeout = "10m"\n')
  for (const id of ['forwards', 'back'])
    await world.add(id, `echo in >> "$MARKS/starts"; ${untilGo}; echo ${id} > ${id}.txt`)
  let daemon = await world.daemon()
  await world.untilMarked('starts', 2)
  for (const shift of [6 * hour, -8 * hour, 30 * hour]) {
    world.set(shift)
    await world.add(`at-${Math.abs(shift)}`, 'true')
    await world.untilStatus(`at-${Math.abs(shift)}`, 'completed')
    assertNoNegativeDuration(
      (await world.ok('status')) + (await world.ok('status', '--json')) + (await world.ok('why', 'back')),
    )
    await daemon.kill()
    daemon = await world.daemon() // which adopts them
  }
  world.set(0)
  writeFileSync(join(world.marks, 'go'), '')
  for (const id of ['forwards', 'back']) {
    await world.untilStatus(id, 'completed', 'failed')
    assert.deepEqual([await world.status(id), (await world.task(id)).attempts], ['completed', 0])
    assertNoNegativeDuration((await world.ok('show', id)) + (await world.ok('show', id, '--json')))
  }
  assert.equal(
    world.marked('starts').length,
    2,
    JSON.stringify((await world.all('task.retried')).map(({ data }) => [data.reason, data.error])),
  )
  daemon.send('SIGTERM')
  await daemon.ended
  assertNoNegativeDuration((await world.ok('list', '--all', '--json')) + (await world.ok('land', 'history', '--json')))
  await assertInvariants(world, () => true)
})

test('a clock that is set back does not make a retry wait for hours', async (t) => {
  const world = await withClock(t)
  await world.add('again', '[ $DROVER_ATTEMPT = 2 ] || { echo in >> "$MARKS/starts"; exit 1; }; echo 1 > one.txt')
  world.set(5 * hour)
  await world.ok('config', 'set', 'retry_delay', '2s')
  const run = world.start('run')
  await world.until('it is to be tried again', async () =>
    (await world.all('task.retried', 'again')).length > 0 ? true : undefined,
  )
  world.set(0)
  const ended = await run.ended
  assert.equal(ended.code, 0, ended.stderr)
  assert.match(ended.stdout, /run complete in \d+(?:ms|s)\b/, 'the summary says how long it really took')
  assert.deepEqual([await world.status('again'), world.marked('starts').length], ['completed', 1])
  await assertInvariants(world, () => true)
})

test('time limits are kept by a clock that nobody sets', async (t) => {
  const world = await withClock(t, 'max_attempts = 1\n')
  await world.add('endless', 'echo in >> "$MARKS/starts"; exec sleep 1000', '--timeout', '1500ms')
  const run = world.start('run')
  await world.untilMarked('starts')
  const begun = performance.now()
  world.set(-24 * hour)
  assert.equal((await run.ended).code, 8)
  assert.ok(performance.now() - begun < 15_000)
  assert.equal((await world.all('task.failed', 'endless'))[0]?.data.reason, 'timeout')
})
