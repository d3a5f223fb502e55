import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Task } from '../../../src/domain/task.ts'
import { cancel } from '../../../src/flow/operations/cancel.ts'
import { hint } from '../../../src/flow/operations/hint.ts'
import { land, landAgain } from '../../../src/flow/operations/land.ts'
import { pause } from '../../../src/flow/operations/pause.ts'
import { possible } from '../../../src/flow/operations/possible.ts'
import { reset, resettable } from '../../../src/flow/operations/reset.ts'
import { resolve } from '../../../src/flow/operations/resolve.ts'
import { resume } from '../../../src/flow/operations/resume.ts'
import { retry } from '../../../src/flow/operations/retry.ts'
import { makeWorld, person, refused, type World } from './world.ts'

const again = (world: World, task: Task, force = false) => retry(world, { task, force, note: '' }, person())

const answer = async (world: World, note = '') => resolve(world, { task: await world.task('a'), note }, person())

/** One task in each of the ways a task can stand. */
async function everything(world: World): Promise<void> {
  for (const id of ['ready', 'working', 'done', 'failed', 'cancelled', 'asked', 'paused']) await world.add(id, { id })
  await world.work('working')
  await world.completes('done')
  await world.fails('failed')
  await cancel(world, { task: await world.task('cancelled'), reason: '' }, person())
  await world.blocks('asked', 'question')
  await pause(world, { task: await world.task('paused'), reason: '' }, person())
}
const all = async (world: World) =>
  Object.fromEntries((await world.reading.tasks({})).map(({ id, status }) => [id, status]))

describe('pause and resume', () => {
  for (const start of ['ready', 'in_progress', 'question'] as const)
    test(`a task that is ${start} goes back to where it was, with a hint`, async (t) => {
      const world = await makeWorld(t)
      await world.add('a', { id: 'a' })
      const before =
        start === 'ready'
          ? await world.task('a')
          : start === 'question'
            ? await world.blocks('a', 'question')
            : await world.work('a')
      await pause(world, { task: before, reason: 'wait' }, person())
      await resume(world, { task: await world.task('a'), hint: 'take B' }, person())
      const after = await world.task('a')
      assert.deepEqual(
        [after.status, after.blockedReason],
        start === 'question' ? ['blocked', 'question'] : ['ready', null],
      )
      assert.deepEqual(
        (await world.reading.pendingHints('a')).map(({ text }) => text),
        ['take B'],
      )
    })
  test('what is not paused cannot be resumed, and the error says what is possible', async (t) => {
    const world = await makeWorld(t)
    const task = await world.add('a', { id: 'a' })
    const error = await refused('impossible-move', 5, resume(world, { task, hint: '' }, person()))
    assert.match(error.hint, /drover pause a · drover cancel a/)
  })
})

describe('cancel', () => {
  test('40: ends a task with its open sub-tasks at once, and says when', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    await world.add('part', { parent: 'a' })
    await world.add('deeper', { parent: 'a.1' })
    await world.work('a')
    const events = await cancel(world, { task: await world.task('a'), reason: 'no' }, person())
    assert.deepEqual(
      events.map(({ task }) => task),
      ['a.1.1', 'a.1', 'a'],
    )
    const task = await world.task('a')
    assert.deepEqual([task.status, task.lastError, typeof task.finishedAt], ['cancelled', 'no', 'number'])
  })
  test('42: what is over stays as it is, without complaint', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    const task = await world.completes('a')
    assert.deepEqual(await cancel(world, { task, reason: '' }, person()), [])
    assert.equal((await world.task('a')).status, 'completed')
  })
  test('a sub-task is cancelled, retried and landed with its parent only', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    const task = await world.add('part', { parent: 'a' })
    assert.equal(
      (await refused('on-the-parent', 5, cancel(world, { task, reason: '' }, person()))).hint,
      'drover cancel a',
    )
    await refused('on-the-parent', 5, again(world, task))
    await refused('on-the-parent', 5, land(world, task, person()))
  })
  test('202: while its landing moves the branch, neither cancel nor pause is possible: try again', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    await world.work('a')
    await world.passes('a')
    const task = await world.happens('a', {
      type: 'landing.intended',
      data: { commit: 'c', from: 'b', branch: 'main', checkouts: [], n: 1 },
    })
    await refused('busy', 75, cancel(world, { task, reason: '' }, person()))
    await refused('busy', 75, pause(world, { task, reason: '' }, person()))
  })
})

describe('retry', () => {
  test('43, 45: from cancelled and failed the task is ready, with all attempts and no error', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    const failed = await world.fails('a')
    assert.equal(failed.attempts, 1)
    await again(world, failed)
    const task = await world.task('a')
    assert.deepEqual(
      [task.status, task.attempts, task.lastError, task.finishedAt, task.fresh],
      ['ready', 0, null, null, false],
    )
    await cancel(world, { task, reason: '' }, person())
    await again(world, await world.task('a'))
    assert.equal((await world.task('a')).status, 'ready')
  })
  for (const reason of ['attempts', 'conflict', 'gate'] as const)
    test(`from blocked for ${reason} too`, async (t) => {
      const world = await makeWorld(t)
      await world.add('a', { id: 'a' })
      await again(world, await world.blocks('a', reason))
      const task = await world.task('a')
      assert.deepEqual([task.status, task.attempts], ['ready', 0])
    })
  test('of a cancelled parent takes its sub-tasks along', async (t) => {
    const world = await makeWorld(t)
    const task = await world.add('a', { id: 'a' })
    await world.add('part', { parent: 'a' })
    await cancel(world, { task, reason: '' }, person())
    await again(world, await world.task('a'))
    assert.equal((await world.task('a.1')).status, 'ready')
  })
  test('of what was cancelled before its needs were met waits for them', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    const task = await world.add('b', { id: 'b', needs: ['a'] })
    await cancel(world, { task, reason: '' }, person())
    await again(world, await world.task('b'))
    assert.equal((await world.task('b')).blockedReason, 'needs')
  })
  test('of completed work needs --force, and starts from the tip', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    const done = await world.completes('a')
    assert.match((await refused('impossible-move', 5, again(world, done))).hint, /retry --force a/)
    await again(world, done, true)
    const task = await world.task('a')
    assert.deepEqual([task.status, task.fresh, task.landedCommit], ['ready', true, null])
  })
  test('of what runs or waits is refused', async (t) => {
    const world = await makeWorld(t)
    await refused('impossible-move', 5, again(world, await world.add('a', { id: 'a' })))
    await refused('impossible-move', 5, again(world, await world.work('a')))
  })
})

describe('resolve', () => {
  test('open needs are taken away', async (t) => {
    const world = await makeWorld(t)
    for (const id of ['x', 'y']) await world.add(id, { id })
    await world.add('a', { id: 'a', needs: ['x', 'y'] })
    await world.completes('x')
    await answer(world)
    assert.deepEqual([(await world.task('a')).status, await world.needs('a')], ['ready', ['x']])
  })
  test('a question gets its answer', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    await world.blocks('a', 'question')
    await answer(world, 'the second')
    assert.equal((await world.task('a')).status, 'ready')
    assert.deepEqual(
      (await world.reading.pendingHints('a')).map(({ text }) => text),
      ['the second'],
    )
  })
  for (const reason of ['conflict', 'gate'] as const)
    test(`after a ${reason} the note is a hint, and all attempts are there again`, async (t) => {
      const world = await makeWorld(t)
      await world.add('a', { id: 'a' })
      assert.equal((await world.blocks('a', reason)).attempts, 1)
      await answer(world, 'rename it')
      const task = await world.task('a')
      assert.deepEqual([task.status, task.attempts, (await world.reading.pendingHints('a')).length], ['ready', 0, 1])
    })
  test('a review is approved, and names the commit', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    await world.blocks('a', 'review')
    await answer(world)
    const task = await world.task('a')
    assert.deepEqual([task.status, task.approved], ['landing', 'c0ffee'])
  })
  test('what does not wait for a person is refused', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    await refused('impossible-move', 5, answer(world))
    await world.blocks('a', 'checkout')
    assert.match((await refused('impossible-move', 5, answer(world))).hint, /drover land a/)
  })
})

describe('land', () => {
  test('99, 100: retry lands what a conflict or a gate refused, and nothing else', async (t) => {
    const world = await makeWorld(t)
    await world.add('a', { id: 'a' })
    await refused('impossible-move', 5, landAgain(world, await world.task('a'), person()))
    await landAgain(world, await world.blocks('a', 'conflict'), person())
    assert.equal((await world.task('a')).status, 'landing')
  })
  test('a review and a checkout are landed', async (t) => {
    const world = await makeWorld(t)
    for (const reason of ['review', 'checkout'] as const) {
      await world.add(reason, { id: reason })
      await land(world, await world.blocks(reason, reason), person())
      const task = await world.task(reason)
      assert.deepEqual([task.status, task.approved], ['landing', reason === 'review' ? 'c0ffee' : null])
    }
    await world.add('plain', { id: 'plain' })
    await refused('impossible-move', 5, land(world, await world.task('plain'), person()))
  })
})

describe('reset', () => {
  test('without ids puts back what neither works nor is done', async (t) => {
    const world = await makeWorld(t)
    await everything(world)
    await reset(world, await resettable(world.reading, []), person())
    assert.deepEqual(await all(world), {
      ready: 'ready',
      working: 'in_progress',
      done: 'completed',
      failed: 'ready',
      cancelled: 'ready',
      asked: 'ready',
      paused: 'ready',
    })
  })
  test('by status puts back those', async (t) => {
    const world = await makeWorld(t)
    await everything(world)
    await reset(world, await resettable(world.reading, ['failed']), person())
    const now = await all(world)
    assert.deepEqual([now['failed'], now['cancelled'], now['asked']], ['ready', 'cancelled', 'blocked'])
    await reset(world, await resettable(world.reading, ['completed']), person())
    assert.equal((await all(world))['done'], 'ready')
  })
  test('of what is at work is refused', async (t) => {
    const world = await makeWorld(t)
    await everything(world)
    await refused('impossible-move', 5, reset(world, [await world.task('working')], person()))
  })
})

describe('hint', () => {
  test('waits for the next prompt, also of what failed; completed work cannot be told anything', async (t) => {
    const world = await makeWorld(t)
    for (const id of ['a', 'b']) await world.add(id, { id })
    await hint(world, { task: await world.fails('a'), text: ' look at the log ' }, person())
    assert.deepEqual(
      (await world.reading.pendingHints('a')).map(({ text }) => text),
      ['look at the log'],
    )
    await refused('impossible-move', 5, hint(world, { task: await world.completes('b'), text: 'x' }, person()))
  })
})

test('what is said to be possible is possible', async (t) => {
  const world = await makeWorld(t)
  for (const id of ['ready', 'working', 'done', 'failed', 'asked', 'review', 'conflict']) await world.add(id, { id })
  await world.work('working')
  await world.completes('done')
  await world.fails('failed')
  await world.blocks('asked', 'question')
  await world.blocks('review', 'review')
  await world.blocks('conflict', 'conflict')
  const verbs = Object.fromEntries((await world.reading.tasks({})).map((task) => [task.id, possible(task)]))
  assert.deepEqual(verbs, {
    ready: ['pause', 'cancel'],
    working: ['pause', 'cancel'],
    done: ['retry --force'],
    failed: ['retry'],
    asked: ['answer', 'resolve', 'pause', 'cancel'],
    review: ['land', 'resolve', 'pause', 'cancel'],
    conflict: ['land retry', 'resolve', 'retry', 'pause', 'cancel'],
  })
})
