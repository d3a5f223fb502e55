import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeToolsWorld } from '../support/tools-world.ts'

const suggested = (title: string, ...after: number[]) => ({ title, description: '', after })

const splits = `commit('started.txt', 'begun')
await use('signal_decomposition', { reason: 'three things', suggestedSubtasks: [
  { title: 'Last', description: 'after both', estimatedComplexity: 'small', after: [2, 3] },
  { title: 'First', description: 'goes on', estimatedComplexity: 'large' },
  { title: 'Second', description: 'beside', estimatedComplexity: 'medium' },
] })`

test('a task that was split is done when its parts are, and what needs it waits for all of them', async (t) => {
  const world = await makeToolsWorld(t, 'workers = 3')
  world.script(splits, 'large')
  world.script(`const title = prompt.split('\\n')[0].slice(2)
mark('began', title + ' ' + existsSync('started.txt'))
if (title !== 'Work on after') commit(title + '.txt', title)
await use('report', { verdict: 'PASS', summary: title + ' is done' })`)
  await world.plan('large', '--priority', '8', '--land', 'auto')
  await world.plan('after', '--blocked-by', 'large')
  await world.run()
  const began = world.marked('began')
  assert.deepEqual(began.slice(0, 2).toSorted(), ['First true', 'Second false'])
  assert.deepEqual(began.slice(2), ['Last true', 'Work on after true'])
  const large = await world.task('large')
  assert.deepEqual([large.status, large.landedCommit, large.attempts], ['completed', null, 0])
  assert.equal(world.git('show', 'main:started.txt'), 'begun')
  const story = await world.story('large')
  assert.deepEqual(story.slice(-3), ['task.proposed', 'task.decomposed', 'task.completed'])
  const parts = (await (await world.ledger()).reading.tasks({ parent: 'large' })).map((part) => part.kind)
  assert.deepEqual(parts, ['split', 'split', 'split'])
  assert.match(await world.ok('show', 'large'), /Made from it\n.*Last \(split\)/)
  await assertInvariants(world, () => true)
})

test('a task that was split is stopped while a part has failed, and goes on when that is tried again', async (t) => {
  const world = await makeToolsWorld(t, 'workers = 3\nmax_attempts = 1')
  world.script(
    `await use('signal_decomposition', { reason: 'two things', suggestedSubtasks: [{ title: 'Good', description: '' }, { title: 'Bad', description: '' }] })`,
    'large',
  )
  world.script(`await use('report', prompt.startsWith('# Bad') && !existsSync(process.env.MARKS + '/mended')
  ? { verdict: 'FAIL', summary: 'it cannot be' } : { verdict: 'PASS', summary: 'nothing to do' })`)
  await world.plan('large')
  await world.plan('after', '--blocked-by', 'large')
  const { stdout } = await world.run(8)
  const bad = (await (await world.ledger()).reading.tasks({ parent: 'large' })).find(({ title }) => title === 'Bad')!
  assert.equal(await world.status('large'), 'decomposed')
  assert.match(stdout, new RegExp(`${bad.id} failed: Bad`))
  assert.match(
    await world.ok('why', 'large'),
    new RegExp(`${bad.id} is failed: it cannot be\\n→ drover retry ${bad.id}`),
  )
  assert.match(await world.ok('why', 'after'), new RegExp(`large is decomposed\\n +${bad.id} is failed`))
  const circle = await world.refused(2, 'need', 'add', bad.id, 'after')
  assert.match(circle, /form a circle/)
  world.mark('mended')
  await world.ok('retry', bad.id)
  world.script(`await use('report', { verdict: 'PASS', summary: 'done' })`)
  await world.run()
  assert.deepEqual([await world.status('large'), await world.status('after')], ['completed', 'completed'])
})

test('what cannot be split is refused with the reason, and cancelling a task that was split ends its parts', async (t) => {
  const world = await makeToolsWorld(t, 'workers = 1')
  const wrong = [
    [suggested('Alone')],
    [suggested('Twice'), suggested('Twice')],
    [suggested('A', 2), suggested('B', 1)],
    [suggested('A', 3), suggested('B')],
  ]
  world.script(
    `for (const suggestedSubtasks of ${JSON.stringify(wrong)}) await use('signal_decomposition', { reason: 'no', suggestedSubtasks })
await use('signal_decomposition', { reason: 'yes', suggestedSubtasks: ${JSON.stringify([suggested('One'), suggested('Two', 1)])} })`,
    'large',
  )
  world.script(`await use('report', { verdict: 'BLOCK', summary: 'what now?' })`)
  await world.plan('large')
  await world.run(8)
  const told = world.used('signal_decomposition')
  assert.deepEqual(
    told.map(({ isError, text }) => (isError ? text : 'noted')),
    [
      'suggestedSubtasks needs at least two: one is the task itself',
      'two of suggestedSubtasks have the same title',
      'these parts wait for each other: 1 → 2 → 1',
      'part 1 is to come after part 3, and there is none',
      'noted',
    ],
  )
  await world.ok('cancel', 'large')
  const { reading } = await world.ledger()
  const all = await reading.tasks({})
  assert.deepEqual(
    all.map(({ status }) => status),
    ['cancelled', 'cancelled', 'cancelled'],
  )
})
