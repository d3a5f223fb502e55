import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld } from '../support/world.ts'

test('what a command wishes of a daemon that dies of it, the command does itself', async (t) => {
  const world = await makeWorld(t)
  await world.add('task-a', 'echo a > a.txt')
  await world.run()
  const faults = [{ point: 'workspace restore before', nth: 1, what: 'daemon' }]
  Object.assign(world.env, { NODE_ENV: 'test', DROVER_FAULTS: JSON.stringify({ faults }) })
  const daemon = await world.daemon()
  for (const name of ['NODE_ENV', 'DROVER_FAULTS']) delete world.env[name]
  const begun = performance.now()
  const { branch } = await world.json('rescue', 'restore', 'task-a/1')
  assert.equal((await daemon.ended).signal, 'SIGKILL')
  assert.ok(performance.now() - begun < 30_000, 'it did not wait for a daemon that does not come')
  assert.match(world.git('rev-parse', branch), /^[0-9a-f]{40}$/)
  await world.run()
})
