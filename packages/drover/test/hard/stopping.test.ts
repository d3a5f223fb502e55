import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeWorld, type World } from '../support/world.ts'

/** Hangs the first time, and a person stops drover then. */
const hang = (name: string) =>
  `if mkdir "$MARKS/${name}" 2>/dev/null; then echo in >> "$MARKS/hangs"; sleep 1000; fi; true`
const retriesOf = async (world: World, task: string) =>
  (await world.all('task.retried', task)).map(({ data }) => [data.reason, data.counts])

/** A run that was stopped while something hung: how it ended, and that it took no longer than it must. */
async function stoppedIn(world: World, signal: NodeJS.Signals): Promise<number | null> {
  const run = world.start('run')
  await world.untilMarked('hangs')
  const begun = performance.now()
  run.send(signal)
  const { code } = await run.ended
  assert.ok(performance.now() - begun < 8000, 'it did not stop')
  await world.assertQuiet()
  return code
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  test(`${signal} while a check runs: the attempt is interrupted, its work is there, and nothing is counted`, async (t) => {
    const world = await makeWorld(t, { settings: 'max_attempts = 1\n' })
    await world.add('checked', 'echo "$DROVER_ATTEMPT" >> tries.txt', '--check', hang('check'))
    assert.equal(await stoppedIn(world, signal), code)
    assert.deepEqual(
      [await world.status('checked'), await retriesOf(world, 'checked')],
      ['ready', [['interrupted', false]]],
    )
    await world.run()
    assert.equal(await world.status('checked'), 'completed')
    assert.equal(world.git('show', 'main:tries.txt'), '1\n2', 'the second went on where the first was')
    await assertInvariants(world, () => true)
  })

test('SIGINT while the gate runs: the task waits in its lane, and the gate alone is asked again', async (t) => {
  const world = await makeWorld(t, { settings: `max_attempts = 1\n[land]\ngate = '${hang('gate')}'\n` })
  await world.add('gated', 'echo "$DROVER_ATTEMPT" >> tries.txt')
  assert.equal(await stoppedIn(world, 'SIGINT'), 130)
  assert.deepEqual([await world.status('gated'), await retriesOf(world, 'gated')], ['landing', []])
  await world.run()
  assert.equal(world.git('show', 'main:tries.txt'), '1')
  await assertInvariants(world, () => true)
})

const setup = `case $PWD in *_gate) ;; *) ${hang('setup')};; esac; echo made > made.txt`
const setupSettings = `max_attempts = 1\n[worktree]\nsetup = '${setup}'\n`

test('SIGINT while a worktree is set up ends the set-up at once, and is nobody’s failure', async (t) => {
  const world = await makeWorld(t, { settings: setupSettings, files: { '.gitignore': 'made.txt\n' } })
  await world.add('set-up', 'cp made.txt one.txt')
  assert.equal(await stoppedIn(world, 'SIGINT'), 130)
  assert.deepEqual(
    [await world.status('set-up'), await retriesOf(world, 'set-up')],
    ['ready', [['interrupted', false]]],
  )
  await world.run()
  assert.equal(world.git('show', 'main:one.txt'), 'made')
  await assertInvariants(world, () => true)
})

test('cancel while a worktree is set up ends the set-up at once', async (t) => {
  const world = await makeWorld(t, { settings: setupSettings, files: { '.gitignore': 'made.txt\n' } })
  await world.add('set-up', 'cp made.txt one.txt')
  const daemon = await world.daemon()
  await world.untilMarked('hangs')
  await world.ok('cancel', 'set-up')
  await world.until('the attempt is over', async (reading) =>
    (await reading.openAttempts()).length === 0 ? true : undefined,
  )
  assert.equal(await world.status('set-up'), 'cancelled')
  daemon.send('SIGTERM')
  await daemon.ended
  await assertInvariants(world, () => true)
})
