import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
  const { branch } = await world.json('rescue', 'restore', 'task-a/1')
  assert.equal((await daemon.ended).signal, 'SIGKILL')
  assert.match(world.git('rev-parse', branch), /^[0-9a-f]{40}$/)
  await world.run()
})

test('a command that has the repository to itself first puts in order what a death left there', async (t) => {
  const world = await makeWorld(t)
  await world.add('task-a', 'echo a > a.txt')
  await world.run()
  const lock = join(world.root, '.git/refs/heads/rescue/task-a-1.lock')
  mkdirSync(dirname(lock), { recursive: true })
  writeFileSync(lock, '')
  const { branch } = await world.json('rescue', 'restore', 'task-a/1')
  assert.match(world.git('rev-parse', branch), /^[0-9a-f]{40}$/)
})
