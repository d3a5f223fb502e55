import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeWorld } from '../support/world.ts'

test('work begins in the worktree that a landing has left while the next one lands, and none is added for it', async (t) => {
  const world = await makeWorld(t)
  for (const id of ['a', 'b']) await world.add(id, `echo ${id} > ${id}.txt`, '--priority', '9')
  await world.add('c', 'echo c > c.txt')
  world.env['NODE_ENV'] = 'test'
  const faults = [{ point: 'git update-ref during', nth: 0, what: 1_000 }]
  world.env['DROVER_FAULTS'] = JSON.stringify({ faults })
  await world.run(0, '-w', '2')
  delete world.env['DROVER_FAULTS']
  const landed = await world.all('landing.landed')
  const [first, second] = landed.map(({ seq }) => seq)
  const [begun] = await world.all('task.started', 'c')
  assert.equal(landed.length, 3)
  assert.ok(first! < begun!.seq, 'the worktree of the first was not free yet')
  assert.ok(begun!.seq < second!, 'it waited for all landings')
  const worktrees = readdirSync(join(world.root, '.drover/worktrees')).filter((name) => /^_\d+$/.test(name))
  assert.equal(worktrees.length, 2)
})
