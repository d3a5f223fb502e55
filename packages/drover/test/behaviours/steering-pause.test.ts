import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  addTalk,
  freeze,
  mark,
  prompts,
  remembered,
  sessions,
  starts,
  steps,
  stop,
  untilPrinted,
  untilRemembered,
  withTalker,
} from '../support/talking.ts'

test('paused and resumed at once, an agent goes on in its session and its worktree, and no step is done again', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['write a.txt first', 'wait go', 'append a.txt second'])
  const daemon = await world.daemon()
  await untilPrinted(world, 'a', 1, 'tool_use')
  await world.ok('pause', 'a')
  await world.ok('resume', 'a', '--hint', 'be quick')
  await untilRemembered(world, 'the second start', ({ kind }) => kind === 'resumed')
  mark(world, 'go')
  await world.untilStatus('a', 'completed')
  assert.equal(world.git('show', 'main:a.txt'), 'first\nsecond')
  assert.deepEqual([starts(world), sessions(world).length], [['new', 'resumed'], 1])
  assert.deepEqual(steps(world), ['write a.txt first', 'wait go', 'append a.txt second'])
  assert.match(prompts(world)[1] ?? '', /## Hints from the operator\n\n- be quick/)
  assert.ok(remembered(world).some(({ kind }) => kind === 'interrupt'))
  assert.equal((await world.task('a')).attempts, 0)
  await stop(daemon)
})

test('cancelled, an agent and what it started are gone', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['sh setsid sleep 1000 >/dev/null 2>&1 & sleep 1001 >/dev/null 2>&1 &', 'wait go'])
  const daemon = await world.daemon()
  await untilPrinted(world, 'a', 1, 'tool_use')
  await world.ok('cancel', 'a')
  await world.until('the attempt is over', async (reading) =>
    (await reading.openAttempts()).length === 0 ? true : undefined,
  )
  const left = (await world.processes()).filter(({ mark: one }) => one.startsWith('DROVER_RUN_ID='))
  assert.deepEqual(left, [])
  await stop(daemon)
})

test('a session that is not there any more is begun anew, once, and is told every hint that a person gave', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['wait go', 'wait stay', 'write a.txt done'])
  const daemon = await world.daemon()
  await untilPrinted(world, 'a', 1, 'tool_use')
  await world.ok('hint', 'a', 'prefer tabs')
  await untilPrinted(world, 'a', 1, '"queued"')
  mark(world, 'go')
  await world.until('the hint is heard', async () =>
    (await world.all('task.hint_delivered', 'a')).length > 0 ? true : undefined,
  )
  await world.ok('pause', 'a')
  await world.until('the attempt is over', async (reading) =>
    (await reading.openAttempts()).length === 0 ? true : undefined,
  )
  renameSync(join(world.marks, 'talk'), join(world.marks, 'talk-before'))
  mark(world, 'stay')
  await world.ok('resume', 'a', '--hint', 'be quick')
  await world.untilStatus('a', 'completed')
  assert.deepEqual(starts(world), ['lost', 'new'])
  const [again = ''] = prompts(world)
  assert.match(again, /- prefer tabs\n- be quick/)
  assert.equal((await world.all('task.hint_delivered', 'a')).length, 2)
  assert.equal((await world.task('a')).attempts, 0)
  await stop(daemon)
})

test('drover retry --force begins a new session', async (t) => {
  const world = await withTalker(t, 'max_attempts = 1\n')
  await addTalk(world, 'a', ['write a.txt done', 'wait go', 'exit 3'])
  const daemon = await world.daemon()
  mark(world, 'go')
  await world.untilStatus('a', 'failed')
  const before = starts(world).length
  await world.ok('retry', 'a', '--force')
  await world.until('another start', async () => (starts(world).length > before ? true : undefined))
  assert.deepEqual([new Set(starts(world)), sessions(world).length], [new Set(['new']), 2])
  await world.untilStatus('a', 'failed')
  await stop(daemon)
})

for (const wish of ['pause', 'cancel'])
  test(`a ${wish} that came when its daemon was as good as dead is heard by the next one: the agent does not work on`, async (t) => {
    const world = await withTalker(t)
    await addTalk(world, 'a', ['write a.txt done', 'wait go'])
    const first = await world.daemon()
    await untilPrinted(world, 'a', 1, 'tool_use')
    await freeze(world, first)
    await world.ok(wish, 'a')
    await first.kill()
    const second = await world.daemon()
    await world.until('the attempt is over', async (reading) =>
      (await reading.openAttempts()).length === 0 ? true : undefined,
    )
    const left = (await world.processes()).filter(({ mark: one }) => one.startsWith('DROVER_RUN_ID='))
    assert.deepEqual([left, steps(world)], [[], ['write a.txt done']])
    await stop(second)
  })

test('two projects on one machine have agents of their own: who cancels in one ends none of the other', async (t) => {
  const [mine, other] = [await withTalker(t), await withTalker(t)]
  const worlds = [mine, other]
  for (const world of worlds) await addTalk(world, 'a', ['wait go', 'write a.txt done'])
  const daemons = [await mine.daemon(), await other.daemon()]
  for (const world of worlds) await untilPrinted(world, 'a', 1, 'tool_use')
  await mine.ok('cancel', 'a')
  await mine.until('the attempt is over', async (reading) =>
    (await reading.openAttempts()).length === 0 ? true : undefined,
  )
  mark(other, 'go')
  await other.untilStatus('a', 'completed')
  assert.deepEqual([starts(other), steps(mine)], [['new'], []])
  for (const daemon of daemons) await stop(daemon)
})
