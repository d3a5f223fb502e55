import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTalk, mark, stop, untilRemembered, writeTalker } from '../support/talking.ts'
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
  const names = worlds.map((_, n) => [1, 2].map((k) => `t${n}${k}`))
  for (const [n, world] of worlds.entries()) for (const id of names[n]!) await world.add(id, `echo ${id} > ${id}.txt`)
  await Promise.all(worlds.map((world) => world.run()))
  assert.deepEqual(remote.landed().toSorted(), names.flat().toSorted())
  for (const id of names.flat()) assert.equal(remote.git('show', `main:${id}.txt`), id)
  assert.equal(remote.git('fsck', '--strict', '--no-dangling'), '')
})

test('what an agent has done is on the remote at the end of each of its turns, and nowhere after it has landed', async (t) => {
  const { remote, worlds } = await makeTravellers(t, { land: '[agents.claude]\npath = "../claude"' })
  const [world] = worlds as [(typeof worlds)[0]]
  writeTalker(world)
  await addTalk(world, 'one', ['write a.txt first', 'overloaded', 'wait go', 'write b.txt second'])
  const daemon = await world.daemon()
  await untilRemembered(world, 'its first turn is over', ({ text }) => text === 'overloaded')
  const [ref] = await world.until('the turn is shared', async () => {
    const refs = Object.keys(remote.refs('refs/drover/wip/one/'))
    return refs.length > 0 ? refs : undefined
  })
  assert.equal(remote.git('show', `refs/drover/wip/one/${ref}:a.txt`), 'first')
  assert.equal(remote.git('ls-tree', '--name-only', `refs/drover/wip/one/${ref}`, 'b.txt'), '')
  mark(world, 'go')
  await world.untilStatus('one', 'completed')
  await stop(daemon)
  assert.equal(remote.git('show', 'main:b.txt'), 'second')
  assert.deepEqual(remote.refs('refs/drover/wip/'), {})
})
