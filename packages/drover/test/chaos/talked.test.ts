import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertTalked } from '../../chaos/checks-agents.ts'
import { addTalk, mark, starts, stop, unmark, untilRemembered, withTalker } from '../support/talking.ts'
import { endIfThere } from '../support/world.ts'

test('a session that was named and not written down before its agent was killed may be followed by another', async (t) => {
  const world = await withTalker(t)
  mark(world, 'unwritten')
  await addTalk(world, 'a', ['write a.txt done'])
  const first = await world.daemon()
  await world.until('the session is known', async () => (await world.task('a')).session ?? undefined)
  await first.kill()
  for (const { pid } of await world.processes()) endIfThere(pid)
  unmark(world, 'unwritten')
  await world.run()
  assert.deepEqual(starts(world), ['new', 'lost', 'new'])
  await assertTalked(world)
})

test('a session that had its task and was not gone on with is found out', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['wait go', 'write a.txt done'])
  const daemon = await world.daemon()
  await untilRemembered(world, 'the task', ({ kind }) => kind === 'prompt')
  await world.ok('pause', 'a')
  await world.until('the attempt is over', async (reading) =>
    (await reading.openAttempts()).length === 0 ? true : undefined,
  )
  // Its agent forgets, for a while.
  const [memory, before] = [join(world.marks, 'talk'), join(world.marks, 'before')]
  renameSync(memory, before)
  mark(world, 'go')
  await world.ok('resume', 'a')
  await world.untilStatus('a', 'completed')
  await stop(daemon)
  writeFileSync(memory, readFileSync(before, 'utf8') + readFileSync(memory, 'utf8'))
  await assert.rejects(assertTalked(world), /a has begun another session/)
})
