import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addTalk,
  freeze,
  hintsHeard,
  mark,
  printed,
  prompts,
  starts,
  steps,
  stop,
  unmark,
  untilPrinted,
  untilRemembered,
  withTalker,
} from '../support/talking.ts'

test('an agent is talked to in one turn, does each step once and is done', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['write a.txt first', 'append a.txt second'])
  await world.run()
  assert.equal(world.git('show', 'main:a.txt'), 'first\nsecond')
  assert.deepEqual(steps(world), ['write a.txt first', 'append a.txt second'])
  assert.deepEqual(starts(world), ['new'])
})

test('hints reach the running turn in the order in which they were given, each once', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['wait go', 'write a.txt done'])
  const daemon = await world.daemon()
  await untilPrinted(world, 'a', 1, 'tool_use')
  for (let n = 1; n <= 3; n++) await world.ok('hint', 'a', `hint number ${n}`)
  mark(world, 'go')
  await world.untilStatus('a', 'completed')
  assert.deepEqual(
    hintsHeard(world),
    [1, 2, 3].map((n) => `hint number ${n}`),
  )
  assert.equal((await world.all('task.hint_delivered', 'a')).length, 3)
  assert.equal(starts(world).length, 1)
  await stop(daemon)
})

for (const isKilled of [false, true])
  test(`a hint that comes when the turn has just ended is worked on before the attempt is over${isKilled ? ', also when the daemon is killed before the agent answers' : ''}`, async (t) => {
    const world = await withTalker(t)
    await addTalk(world, 'a', ['wait go', 'write a.txt done'])
    const first = await world.daemon()
    await untilPrinted(world, 'a', 1, 'tool_use')
    // The daemon reads nothing for a moment: the turn is over when it meets the hint.
    await freeze(world, first)
    const hinting = world.drover('hint', 'a', 'also this [[write b.txt hinted]]')
    mark(world, 'go')
    await untilPrinted(world, 'a', 1, '"result":"Done."')
    mark(world, 'slow')
    await hinting
    first.send('SIGCONT')
    await world.until('the hint is delivered', async () =>
      (await world.all('task.hint_delivered', 'a')).length > 0 ? true : undefined,
    )
    if (isKilled) await first.kill()
    const last = isKilled ? await world.daemon() : first
    // Its model takes its time; who took the first end for the last has ended it by now.
    await world.ok('hint', 'a', 'and this')
    unmark(world, 'slow')
    await world.untilStatus('a', 'completed')
    assert.equal(world.git('show', 'main:b.txt'), 'hinted')
    assert.deepEqual(hintsHeard(world), ['also this [[write b.txt hinted]]', 'and this'])
    assert.deepEqual([prompts(world).length, starts(world)], [1, ['new']])
    await stop(last)
  })

test('a hint said to a busy agent by a daemon that is then killed is heard once', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['wait go', 'write a.txt done'])
  const first = await world.daemon()
  await untilPrinted(world, 'a', 1, 'tool_use')
  await world.ok('hint', 'a', 'be brief')
  await untilPrinted(world, 'a', 1, '"queued"')
  await first.kill()
  const second = await world.daemon()
  mark(world, 'go')
  await world.untilStatus('a', 'completed')
  assert.deepEqual([hintsHeard(world), prompts(world).length, starts(world)], [['be brief'], 1, ['new']])
  await stop(second)
})

test('a hint that its agent took to the grave is told to the next one, once, in the same session', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['write a.txt done', 'wait go'])
  const daemon = await world.daemon()
  await untilPrinted(world, 'a', 1, 'tool_use')
  await world.ok('hint', 'a', 'be brief')
  await untilPrinted(world, 'a', 1, '"queued"')
  const { pid } = await untilRemembered(world, 'its start', ({ kind }) => kind === 'new')
  process.kill(pid, 'SIGKILL')
  mark(world, 'go')
  await world.untilStatus('a', 'completed')
  const [, again = ''] = prompts(world)
  assert.match(again, /## Hints from the operator\n\n- be brief/)
  assert.deepEqual([hintsHeard(world), starts(world)], [[], ['new', 'resumed']])
  assert.deepEqual(steps(world), ['write a.txt done', 'wait go'])
  assert.equal((await world.all('task.hint_delivered', 'a')).length, 1)
  await stop(daemon)
})

test('a sub-task has hints of its own', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['write a.txt whole'])
  await addTalk(world, 'a.1', ['wait go', 'write part.txt part'], '-P', 'a')
  const daemon = await world.daemon()
  await untilRemembered(world, 'the part begins', ({ task, kind }) => task === 'a.1' && kind === 'prompt')
  await world.ok('hint', 'a.1', 'for the part')
  await world.ok('hint', 'a', 'for the whole')
  mark(world, 'go')
  await world.untilStatus('a', 'completed')
  assert.deepEqual(hintsHeard(world, 'a.1'), ['for the part'])
  assert.match(prompts(world, 'a')[0] ?? '', /- for the whole/)
  await stop(daemon)
})

test('hints of the same moment are heard in the order in which they were written down', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['wait go', 'write a.txt done'])
  const daemon = await world.daemon()
  await untilPrinted(world, 'a', 1, 'tool_use')
  const names = ['hint-9', 'hint-5', 'hint-1']
  const { ledger } = await world.ledger()
  await ledger.append(
    names.map((hint) => ({ type: 'task.hinted' as const, task: 'a', attempt: 1, data: { hint, text: `of ${hint}` } })),
    { kind: 'person', name: 'Ada', email: 'ada@example.test', request: 'three at once' },
  )
  await world.until('the last is taken', async () =>
    printed(world, 'a', 1).includes('drover-hint-1') ? true : undefined,
  )
  mark(world, 'go')
  await world.untilStatus('a', 'completed')
  assert.deepEqual(
    hintsHeard(world),
    names.map((hint) => `of ${hint}`),
  )
  await stop(daemon)
})
