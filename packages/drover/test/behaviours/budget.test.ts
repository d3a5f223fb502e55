import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeWorld, type World } from '../support/world.ts'

const agent = join(import.meta.dirname, '../support/spending-agent.mjs')
const settings = `agent = "mine"\n[agents.mine]\nacp = "${process.execPath} ${agent}"\n`
const told = (world: World): string[] => world.marked('told').map((line) => JSON.parse(line) as string)

test('a task that has cost what it may has one last turn to hand back, waits for a person, and goes on with as much again', async (t) => {
  const world = await makeWorld(t, { settings: `${settings}[budget]\ntask_usd = 1\n` })
  await world.ok('add', 'Paint the door green', '--id', 'door')
  await world.run(8)
  assert.equal(await world.status('door'), 'blocked(budget)')
  const [first = '', last = '', ...more] = told(world)
  assert.match(first, /^# Paint the door green\n/)
  assert.match(last, /^Stop here: it has cost 1\.00 USD of 1\.00 USD \(budget\.task_usd\)\./)
  assert.deepEqual(more, [])
  const { session, commit, attempts, usage } = await world.task('door')
  assert.deepEqual([session, attempts, usage.costUsd], ['session-door', 0, 2])
  assert.equal(commit, null, 'nothing of it goes to landing')
  assert.equal(world.git('show', 'drover/door:work.txt'), 'half')
  assert.match(await world.ok('why', 'door'), /it has cost 1\.00 USD of 1\.00 USD/)

  // As much again is no more than it has cost already: it is not even begun.
  await world.ok('resolve', 'door')
  await world.run(8)
  assert.equal(await world.status('door'), 'blocked(budget)')
  assert.equal(told(world).length, 2)

  await world.ok('resolve', 'door', '--note', 'be quick')
  writeFileSync(join(world.marks, 'finish'), '')
  await world.run()
  assert.equal(world.git('show', 'main:work.txt'), 'whole')
  const [, , again = ''] = told(world)
  assert.match(again, /be quick/)
  assert.doesNotMatch(again, /^# /, 'it goes on in its session')
  const { rows } = await world.json('cost')
  assert.deepEqual([rows[0].key, rows[0].usage.costUsd, rows[0].wasted.usage.costUsd], ['door', 2, 0])
})

test('a run that has cost what it may stops who is at work in the same way, begins nothing more and names what waits', async (t) => {
  const world = await makeWorld(t, { settings })
  for (const id of ['door', 'wall']) await world.ok('add', `Paint the ${id} green`, '--id', id)
  const { stdout, stderr } = await world.run(8, '--budget', '1usd', '--workers', '1')
  assert.deepEqual([await world.status('door'), await world.status('wall')], ['blocked(budget)', 'ready'])
  assert.match(told(world)[1] ?? '', /^Stop here: the run has cost 1\.00 USD of 1\.00 USD \(budget\.run_usd\)\./)
  assert.match(stdout, /2\.00 USD of 1\.00 USD\n.* door blocked \(budget\): .* -> {2}drover resolve door/)
  assert.match(stderr, /1 task is still ready: the run has cost what it may/)
  await world.ok('resolve', 'door')
  writeFileSync(join(world.marks, 'finish'), '')
  await world.run()
  assert.deepEqual([await world.status('door'), await world.status('wall')], ['completed', 'completed'])
})
