import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeWorld, type World } from '../support/world.ts'

const started = 'echo "$DROVER_TASK_ID/$DROVER_ATTEMPT" >> "$MARKS/starts"'

const retries = async (world: World, task: string) => (await world.all('task.retried', task)).map(({ data }) => data)

test('sub-tasks run in their order in one worktree, and one that fails takes its parent’s attempt with it', async (t) => {
  const world = await makeWorld(t)
  const step = (n: number) => `${started}; echo ${n} >> steps`
  await world.add('whole', `${started}; test "$(tr -d '\\n' < steps)" = 123 && echo 4 >> steps`)
  const part = (n: number, run: string) => world.ok('add', `whole.${n} Part ${n}`, '--run', run, '--skip-validation')
  await part(1, step(1))
  await part(2, `if mkdir "$MARKS/failed" 2>/dev/null; then ${started}; exit 1; fi; ${step(2)}`)
  await part(3, step(3))
  await world.run()
  assert.deepEqual(world.marked('starts'), ['whole.1/1', 'whole.2/1', 'whole.2/2', 'whole.3/2', 'whole/2'])
  assert.equal(world.git('show', 'main:steps'), '1\n2\n3\n4')
  assert.match((await retries(world, 'whole'))[0]!.error, /^whole\.2: /)
  assert.equal((await world.task('whole')).attempts, 1)
  const trailers = world.git('log', '-1', '--format=%(trailers:key=Drover-Task,valueonly,separator=%x2C)', 'main')
  assert.deepEqual(trailers.split(',').toSorted(), ['whole', 'whole.1', 'whole.2', 'whole.3'])
  await assertInvariants(world, () => true)
})

test('a parent that conflicts does its sub-tasks again on the new tip, and lands all of their work', async (t) => {
  const world = await makeWorld(t, { files: { 'shared.txt': 'base\n' } })
  await world.add('whole', 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done; echo whole > whole.txt')
  await world.ok('add', 'whole.1 Part', '--run', `${started}; echo part >> shared.txt`, '--skip-validation')
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  world.commit({ 'shared.txt': 'base\nmine\n' }, 'meanwhile')
  writeFileSync(join(world.marks, 'go'), '')
  await world.untilStatus('whole', 'completed')
  assert.equal(world.git('show', 'main:shared.txt'), 'base\nmine\npart')
  assert.equal(world.git('show', 'main:whole.txt'), 'whole')
  daemon.send('SIGTERM')
  await daemon.ended
  await assertInvariants(world, () => true)
})
