import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeWorld } from '../support/world.ts'

const until = (name: string) => `echo in >> "$MARKS/${name}"; while [ ! -f "$MARKS/go" ]; do sleep 0.02; done`

test('cleaning up beside a check and a gate that run takes neither its files', async (t) => {
  const gate = `test -f gated.txt || exit 0; ${until('gates')}; test -f gated.txt`
  const world = await makeWorld(t, { settings: `[land]\ngate = '''${gate}'''\n` })
  await world.add('checked', 'echo 1 > checked.txt', '--check', `${until('checks')}; test -f checked.txt`)
  await world.add('gated', 'echo 2 > gated.txt')
  const daemon = await world.daemon()
  await world.untilMarked('checks')
  await world.untilMarked('gates')
  const { removed, kept } = await world.json('worktree', 'prune', '--all', '--yes')
  const why = kept.map((one: { why: string }) => one.why).toSorted()
  assert.deepEqual(removed, [])
  assert.deepEqual(why, ['checked is at work', 'gated is at work', 'the gate runs in it'])
  writeFileSync(join(world.marks, 'go'), '')
  for (const task of ['checked', 'gated']) {
    await world.untilStatus(task, 'completed')
    assert.equal((await world.task(task)).attempts, 0)
  }
  assert.equal(world.git('show', 'main:checked.txt'), '1')
  daemon.send('SIGTERM')
  await daemon.ended
})
