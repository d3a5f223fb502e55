import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTask } from '../../../src/flow/operations/add.ts'
import { addEpic, closeEpic } from '../../../src/flow/operations/epic.ts'
import { edit } from '../../../src/flow/operations/edit.ts'
import { changeNeeds } from '../../../src/flow/operations/need.ts'
import { resolveTask } from '../../../src/flow/operations/resolve-task.ts'
import { makeWorld, person, refusal, refused } from './world.ts'

test('1, 17, 19: a new task is ready, with no attempts, verified, and a short id', async (t) => {
  const world = await makeWorld(t)
  const task = await world.add('Do the thing')
  assert.match(task.id, /^task-[0-9a-km-np-z]{4,}$/)
  assert.deepEqual(
    [task.status, task.attempt, task.attempts, task.verify, task.landedCommit, task.blockedReason, task.createdBy],
    ['ready', 0, 0, true, null, null, 'person:Ada'],
  )
})

test('1, 15: needs are kept in their order, and a task with open needs waits', async (t) => {
  const world = await makeWorld(t)
  for (const id of ['b', 'a', 'done']) await world.add(id, { id })
  await world.completes('done')
  const task = await world.add('Later', { needs: ['b', 'a', 'b', 'done'] })
  assert.deepEqual((await world.needs(task.id)).toSorted(), ['a', 'b', 'done'])
  assert.deepEqual([task.status, task.blockedReason, task.openNeeds], ['blocked', 'needs', 2])
})

test('2, 225: an id that is taken is refused, also in other letters, and nothing changes', async (t) => {
  const world = await makeWorld(t)
  const before = await world.add('First', { id: 'Task-A' })
  await refused('id-taken', 5, world.add('Second', { id: 'Task-A' }))
  await refused('id-taken', 5, world.add('Second', { id: 'task-a' }))
  await addEpic(world, { title: 'An epic', description: '', priority: 5, labels: [], id: 'Taken' }, person())
  await refused('id-taken', 5, world.add('Second', { id: 'taken' }))
  assert.deepEqual(await world.task('Task-A'), before)
})

test('226: an id that is a path, or that git could not carry, is refused', async (t) => {
  const world = await makeWorld(t)
  for (const id of ['../../evil', 'a/b', 'a b', 'a;b', '-x', '.x', 'x.lock', 'x..y', '', 'ü', 'x'.repeat(101)])
    await refused('bad-id', 2, world.add('Evil', { id }))
})

test('205: unknown needs, epics and parents are refused with the near ones, and so is a need of itself', async (t) => {
  const world = await makeWorld(t)
  await world.add('One', { id: 'task-abcd' })
  assert.match((await refused('no-task', 4, world.add('Two', { needs: ['task-abce'] }))).hint, /task-abcd/)
  await refused('no-task', 4, world.add('Two', { parent: 'nobody' }))
  await refused('no-epic', 4, world.add('Two', { words: { epicId: 'epic-none' } }))
  await refused('self-need', 2, world.add('Two', { id: 'two', needs: ['two'] }))
})

test('205: a circle of needs is refused and printed as a path, also through a sub-task', async (t) => {
  const world = await makeWorld(t)
  await world.add('a', { id: 'a' })
  await world.add('b', { id: 'b', needs: ['a'] })
  await world.add('c', { id: 'c', needs: ['b'] })
  const change = (id: string, ...add: string[]) =>
    world.task(id).then((task) => changeNeeds(world, { task, add, remove: [] }, person()))
  assert.match((await refused('circle', 2, change('a', 'c'))).message, /a → c → b → a|c → b → a → c|b → a → c → b/)
  await refused('self-need', 2, change('a', 'a'))
  await world.add('part', { parent: 'c' })
  await refused('circle', 2, change('a', 'c.1'))
  assert.deepEqual(await world.needs('a'), [])
})

test('needs are added and taken away, and the task moves with them', async (t) => {
  const world = await makeWorld(t)
  await world.add('a', { id: 'a' })
  await world.add('b', { id: 'b' })
  const change = (add: string[], remove: string[]) =>
    world.task('b').then((task) => changeNeeds(world, { task, add, remove }, person()))
  await change(['a'], [])
  assert.equal((await world.task('b')).blockedReason, 'needs')
  assert.deepEqual(await change(['a'], []), [])
  await change([], ['a'])
  assert.equal((await world.task('b')).status, 'ready')
})

test('18: a sub-task is numbered beneath its parent and belongs to its epic', async (t) => {
  const world = await makeWorld(t)
  const epic = await addEpic(world, { title: 'E', description: '', priority: 5, labels: [], id: 'epic-e' }, person())
  await world.add('Parent', { id: 'task-p', words: { epicId: epic.id, priority: 9 } })
  const first = await world.add('First', { parent: 'task-p' })
  assert.deepEqual(
    [first.id, first.kind, first.parentId, first.sequence, first.epicId, first.priority],
    ['task-p.1', 'subtask', 'task-p', 1, 'epic-e', 9],
  )
  assert.equal((await world.add('task-p.5 Fifth')).title, 'Fifth')
  assert.equal((await world.add('Sixth', { parent: 'p' })).id, 'task-p.6')
  assert.equal((await world.add('Deeper', { parent: 'task-p.1' })).id, 'task-p.1.1')
  await refused('too-deep', 2, world.add('Too deep', { parent: 'task-p.1.1' }))
  await refused('id-taken', 5, world.add('task-p.5 Again'))
  await refused('usage', 2, world.add('With a need', { parent: 'task-p', needs: ['task-p'] }))
})

test('a title that only looks like a sub-task is a title', async (t) => {
  const world = await makeWorld(t)
  assert.equal((await world.add('v1.2 of the API')).title, 'v1.2 of the API')
  await refused('no-task', 4, world.add('task-none.1 A part'))
})

test('a parent that is over or landing takes no more sub-tasks', async (t) => {
  const world = await makeWorld(t)
  await world.add('Over', { id: 'over' })
  await world.completes('over')
  await refused('parent-closed', 5, world.add('Late', { parent: 'over' }))
  await world.add('Landing', { id: 'landing' })
  await world.work('landing')
  await world.passes('landing')
  await refused('parent-closed', 5, world.add('Late', { parent: 'landing' }))
})

test('default labels and attempts are given, and advice is given, not enforced', async (t) => {
  const world = await makeWorld(t)
  const addition = {
    title: 'fix issues',
    words: { labels: ['own', 'all'] },
    id: undefined,
    parent: undefined,
    needs: [],
    defaults: { labels: ['all'], maxAttempts: 7 },
  }
  const { task, advice } = await addTask(world, addition, person())
  assert.deepEqual([task.labels, task.maxAttempts], [['all', 'own'], 7])
  assert.ok(advice.length > 1)
})

test('20: a judge of its own is kept, and nothing means the project’s', async (t) => {
  const world = await makeWorld(t)
  assert.equal((await world.add('One', { words: { judge: 'exit-code' } })).judge, 'exit-code')
  assert.equal((await world.add('Two')).judge, null)
})

test('an id, a beginning of one, and a beginning without task- mean a task; an exact one wins', async (t) => {
  const world = await makeWorld(t)
  for (const id of ['task-ab', 'task-abc', 'task-xy', 'other']) await world.add(id, { id })
  await world.add('A part', { parent: 'task-xy' })
  const found = async (word: string): Promise<string> => (await resolveTask(world.reading, word)).id
  assert.deepEqual(await Promise.all(['task-ab', 'ab', 'task-abc', 'x', 'task-x', 'oth', 'task-xy.1'].map(found)), [
    'task-ab',
    'task-ab',
    'task-abc',
    'task-xy',
    'task-xy',
    'other',
    'task-xy.1',
  ])
  assert.match((await refused('ambiguous', 4, resolveTask(world.reading, 'a'))).message, /task-ab, task-abc/)
  assert.match((await refused('no-task', 4, resolveTask(world.reading, 'task-xz'))).hint, /task-xy/)
  for (const word of ['', '%', '../x', '*']) await refused('no-task', 4, resolveTask(world.reading, word))
})

test('what is said of a task changes while it is not at work, and only then', async (t) => {
  const world = await makeWorld(t)
  await world.add('a', { id: 'a' })
  const task = await world.add('b', { id: 'b', needs: ['a'] })
  await edit(world, { task, words: { title: 'B', priority: 9 }, needs: [] }, person())
  const changed = await world.task('b')
  assert.deepEqual(
    [changed.title, changed.priority, changed.status, changed.modifiedBy],
    ['B', 9, 'ready', 'person:Ada'],
  )
  await refused('usage', 2, edit(world, { task: changed, words: {}, needs: undefined }, person()))
  const working = await world.work('b')
  assert.match(
    (
      await refused(
        'impossible-move',
        5,
        edit(world, { task: working, words: { title: 'C' }, needs: undefined }, person()),
      )
    ).hint,
    /drover pause b/,
  )
  await refused('impossible-move', 5, changeNeeds(world, { task: working, add: ['a'], remove: [] }, person()))
})

test('an epic is closed once', async (t) => {
  const world = await makeWorld(t)
  const epic = await addEpic(world, { title: 'E', description: '', priority: 5, labels: [], id: undefined }, person())
  assert.match(epic.id, /^epic-/)
  assert.equal(await closeEpic(world, { epic, reason: '' }, person()), true)
  const closed = (await world.reading.epic(epic.id))!
  assert.equal(await closeEpic(world, { epic: closed, reason: '' }, person()), false)
  assert.equal(
    (await refusal(addEpic(world, { title: ' ', description: '', priority: 5, labels: [], id: undefined }, person())))
      .code,
    'bad-title',
  )
})
