import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInvariants, landedOn } from '../support/invariants.ts'
import { makeWorld } from '../support/world.ts'

test('192: the quickstart, word for word in a fresh repository without a remote, ends with work on the branch', async (t) => {
  const world = await makeWorld(t, { init: false })
  await world.ok('init')
  await world.ok('add', 'Say hello', '--run', 'echo hello > hello.txt')
  await world.run()
  assert.equal(world.git('show', 'main:hello.txt'), 'hello')
  assert.equal(world.read('hello.txt'), 'hello\n', 'the checkout has moved along')
  assert.equal(world.git('status', '--porcelain'), '')
  assert.equal(landedOn(world).length, 2)
  await assertInvariants(world, () => true)
})
