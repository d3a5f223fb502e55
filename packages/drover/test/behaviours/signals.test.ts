import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeWorld } from '../support/world.ts'

const started = 'echo "$DROVER_TASK_ID/$DROVER_ATTEMPT" >> "$MARKS/starts"'
/** Hangs the first time, and does its work when it is asked again. */
const second = `${started}; if mkdir "$MARKS/$DROVER_TASK_ID" 2>/dev/null; then echo half > half.txt; echo in >> "$MARKS/hangs"; exec sleep 1000; fi`

test('SIGINT once: 130, agents gone, nothing counted; and resume goes on', async (t) => {
  const world = await makeWorld(t)
  await world.add('half', `${second}; echo whole > whole.txt`)
  const run = world.start('run')
  await world.untilMarked('hangs')
  run.send('SIGINT')
  assert.equal((await run.ended).code, 130)
  await world.assertQuiet()
  assert.deepEqual(
    (await world.all('task.retried', 'half')).map(({ data }) => [data.reason, data.counts]),
    [['interrupted', false]],
  )
  assert.deepEqual([await world.status('half'), (await world.task('half')).attempts], ['ready', 0])
  await world.ok('resume')
  assert.equal(world.git('show', 'main:half.txt'), 'half', 'what it had done is still there')
  assert.equal(await world.status('half'), 'completed')
})

test('SIGINT twice does not wait for anybody', async (t) => {
  const world = await makeWorld(t, { settings: '' })
  await world.ok('config', 'set', 'stop_grace', '60s')
  await world.add('deaf', `trap "" TERM INT; ${started}; while true; do sleep 0.1; done`)
  const run = world.start('run')
  await world.untilMarked('starts')
  const begun = performance.now()
  run.send('SIGINT')
  await world.until('it has heard', async () => (run.said().includes('Stopping') ? true : undefined))
  run.send('SIGINT')
  assert.equal((await run.ended).code, 130)
  assert.ok(performance.now() - begun < 8000, 'it waited for the grace')
  assert.deepEqual([await world.status('deaf'), (await world.task('deaf')).attempts], ['ready', 0])
})

/** Hangs the first time. */
const hang = (name: string) =>
  `if mkdir "$MARKS/${name}" 2>/dev/null; then echo ${name} >> "$MARKS/hangs"; sleep 1000; fi; true`

test('SIGINT while the gate or a check runs is nobody’s failure', async (t) => {
  const world = await makeWorld(t, { settings: `max_attempts = 1\n[land]\ngate = '${hang('gate')}'\n` })
  await world.add('gated', 'echo 1 > one.txt')
  await world.add('checked', 'echo 2 > two.txt', '--check', hang('check'))
  const run = world.start('run')
  await world.untilMarked('hangs', 2)
  run.send('SIGINT')
  assert.equal((await run.ended).code, 130)
  await world.assertQuiet()
  await world.run()
  assert.deepEqual([await world.status('gated'), await world.status('checked')], ['completed', 'completed'])
  assert.deepEqual(await world.all('landing.refused'), [])
  await assertInvariants(world, () => true)
})

test('kill -9 while the gate runs: its processes are ended, and the gate is asked again', async (t) => {
  const gate = 'echo $$ >> "$MARKS/gates"; if mkdir "$MARKS/gate" 2>/dev/null; then sleep 1000; fi; true'
  const world = await makeWorld(t, { settings: `[land]\ngate = '${gate}'\n` })
  await world.add('gated', 'echo 1 > one.txt')
  const run = world.start('run')
  await world.untilMarked('gates')
  await run.kill()
  await world.run()
  assert.equal(world.marked('gates').length, 2)
  await assertInvariants(world, () => true)
})
