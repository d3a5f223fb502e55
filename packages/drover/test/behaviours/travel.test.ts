import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeTravellers } from '../support/travelling.ts'

test('what passed lands by a push, and the checkout of whoever drives comes along', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  await world.add('first', 'echo 1 > one.txt')
  await world.add('second', 'test -f one.txt && echo 2 > two.txt', '-b', 'first')
  const ran = await world.run()
  assert.deepEqual(remote.landed(), ['first', 'second'])
  assert.equal(world.git('rev-parse', 'main'), remote.tip(), ran.stderr)
  assert.equal(world.read('two.txt'), '2\n')
  assert.equal(world.git('status', '--porcelain'), '')
  assert.equal(world.git('rev-parse', 'origin/main'), remote.tip())
  assert.deepEqual(Object.keys(remote.refs('refs/drover/landed/')), ['first', 'second'])
  assert.deepEqual(remote.refs('refs/drover/wip/'), {})
})

test('two that land at the same time on the same remote both land, each on what the other left', async (t) => {
  const { remote, worlds } = await makeTravellers(t, { clones: 2 })
  const names = worlds.map((_, n) => [1, 2, 3, 4].map((k) => `t${n}${k}`))
  for (const [n, world] of worlds.entries())
    for (const id of names[n]!) await world.add(id, `echo ${id} > ${id}.txt`)
  await Promise.all(worlds.map((world) => world.run()))
  assert.deepEqual(remote.landed().toSorted(), names.flat().toSorted())
  for (const id of names.flat()) assert.equal(remote.git('show', `main:${id}.txt`), id)
  assert.equal(remote.git('fsck', '--strict', '--no-dangling'), '')
})
