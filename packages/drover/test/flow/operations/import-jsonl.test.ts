import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { importJsonl } from '../../../src/flow/operations/import-jsonl.ts'
import { readJsonl } from '../../../src/flow/operations/read-jsonl.ts'
import { makeWorld, person, refused, type World } from './world.ts'

const lines = (...objects: (object | string)[]): string =>
  objects.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')
const take = (world: World, text: string, more: { dryRun?: boolean; labels?: string[] } = {}) =>
  importJsonl(
    world,
    { text, defaults: { labels: more.labels ?? [], maxAttempts: 3 }, dryRun: more.dryRun ?? false },
    person(),
  )

const project = lines(
  '# a comment',
  '',
  {
    id: 'TASK-001',
    type: 'task',
    story_id: 'STORY-001',
    title: 'Create the structure',
    priority: 'critical',
    estimated_hours: 2,
  },
  {
    id: 'STORY-002',
    type: 'story',
    title: 'Build it',
    blocked_by: ['STORY-001'],
    run: 'make',
    checks: ['make test'],
    scope: 'src/**',
    task_type: 'fix',
    max_attempts: 5,
    agent: 'codex',
    model: 'gpt-small',
  },
  {
    id: 'STORY-001',
    type: 'story',
    epic_id: 'EPIC-001',
    title: 'Initialize',
    description: 'At length',
    priority: 9,
    story_points: 3,
    labels: ['rust'],
    acceptance_criteria: ['It compiles'],
  },
  { id: 'EPIC-001', type: 'epic', title: 'Foundation', description: 'The base', priority: 'critical', labels: ['x'] },
)

describe('importing JSON lines', () => {
  test('takes over epics, stories and tasks, whatever their order', async (t) => {
    const world = await makeWorld(t)
    const imported = await take(world, project, { labels: ['all'] })
    assert.deepEqual(
      [imported.epics, imported.tasks, imported.warnings],
      [['EPIC-001'], ['STORY-002', 'STORY-001', 'TASK-001'], []],
    )
    const story = await world.task('STORY-001')
    assert.deepEqual(
      [story.kind, story.epicId, story.priority, story.labels, story.acceptance, story.description],
      ['task', 'EPIC-001', 9, ['all', 'rust', 'points:3'], ['It compiles'], 'At length'],
    )
    const part = await world.task('TASK-001')
    assert.deepEqual(
      [part.kind, part.parentId, part.sequence, part.epicId, part.priority, part.labels],
      ['subtask', 'STORY-001', 1, 'EPIC-001', 10, ['all', 'hours:2']],
    )
    const second = await world.task('STORY-002')
    assert.deepEqual(
      [
        second.status,
        second.blockedReason,
        second.run,
        second.checks,
        second.scope,
        second.type,
        second.maxAttempts,
        second.agent,
        second.model,
      ],
      ['blocked', 'needs', 'make', ['make test'], ['src/**'], 'fix', 5, 'codex', 'gpt-small'],
    )
  })

  test('twice is once; what has changed is brought up to date, what is at work is left alone', async (t) => {
    const world = await makeWorld(t)
    await take(world, project)
    const before = await world.reading.lastSeq()
    const again = await take(world, project)
    assert.deepEqual([again.tasks, again.updated, again.unchanged], [[], [], 4])
    assert.equal(await world.reading.lastSeq(), before)
    const changed = await take(world, project.replace('"Build it"', '"Build it all"').replace('["STORY-001"]', '[]'))
    assert.deepEqual(changed.updated, ['STORY-002'])
    assert.deepEqual(
      [(await world.task('STORY-002')).title, (await world.task('STORY-002')).status],
      ['Build it all', 'ready'],
    )
    await world.work('STORY-002')
    const late = await take(world, project)
    assert.deepEqual(late.updated, [])
    assert.match(late.warnings[0]!, /line 4: STORY-002 is in_progress/)
  })

  test('what is wrong anywhere keeps everything out, and is listed line by line', async (t) => {
    const world = await makeWorld(t)
    await world.add('Here', { id: 'here' })
    const error = await refused(
      'bad-import',
      2,
      take(
        world,
        lines(
          '{ not json',
          '[1]',
          { id: 'a', title: 'A', blocked_by: ['nobody'] },
          { id: '../x', title: 'X' },
          { id: 'b', type: 'feature', title: 'B' },
          { id: 'c', title: 'C', priority: 'asap' },
          { id: 'A', title: 'Again' },
          { id: 'd', title: '' },
          { title: 'no id' },
          { id: 'e' },
          { id: 'f', title: 'F', epic_id: 'none' },
          { id: 'g', title: 'G', story_id: 'none' },
          { id: 'here', type: 'epic', title: 'H' },
          { id: 'i', title: 'I', labels: [1] },
          { id: 'j', title: 'J', max_attempts: 0 },
        ),
      ),
    )
    for (let line = 1; line <= 15; line++) assert.match(error.message, new RegExp(`line ${line}: `))
    assert.deepEqual(
      (await world.reading.tasks({})).map(({ id }) => id),
      ['here'],
    )
  })

  test('shows the first twenty problems and how many there are besides', async (t) => {
    const world = await makeWorld(t)
    const error = await refused('bad-import', 2, take(world, Array.from({ length: 30 }, () => 'x').join('\n')))
    assert.match(error.message, /line 20:.*\n.*10 more$/s)
  })

  test('205: a circle is refused, also one that goes through what is here already or through a sub-task', async (t) => {
    const world = await makeWorld(t)
    await world.add('Here', { id: 'here' })
    await take(world, lines({ id: 'a', title: 'A', blocked_by: ['here'] }))
    const own = await refused(
      'bad-import',
      2,
      take(world, lines({ id: 'x', title: 'X', blocked_by: 'y' }, { id: 'y', title: 'Y', blocked_by: 'x' })),
    )
    assert.match(own.message, /circle: (x → y → x|y → x → y)/)
    assert.match(
      (await refused('bad-import', 2, take(world, lines({ id: 'here', title: 'Here', blocked_by: 'a' })))).message,
      /circle/,
    )
    await world.add('p0', { id: 'p0' })
    await world.add('A part', { parent: 'p0' })
    await world.add('Behind it', { id: 'x0', needs: ['p0.1'] })
    assert.match(
      (await refused('bad-import', 2, take(world, lines({ id: 'p0', title: 'p0', blocked_by: 'x0' })))).message,
      /circle/,
    )
    const part = lines(
      { id: 'p', title: 'P', blocked_by: 'q' },
      { id: 'p1', title: 'P1', story_id: 'p' },
      { id: 'q', title: 'Q', blocked_by: 'p1' },
    )
    assert.match((await refused('bad-import', 2, take(world, part))).message, /circle/)
  })

  test('a sub-task goes two levels down at most and has no needs of its own', async (t) => {
    const world = await makeWorld(t)
    const deep = lines(
      { id: 'a', title: 'A' },
      { id: 'b', title: 'B', story_id: 'a' },
      { id: 'c', title: 'C', story_id: 'b' },
      { id: 'd', title: 'D', story_id: 'c' },
    )
    assert.match((await refused('bad-import', 2, take(world, deep))).message, /line 4: .*deeper/)
    assert.match(
      (
        await refused(
          'bad-import',
          2,
          take(world, lines({ id: 'a', title: 'A' }, { id: 'b', title: 'B', story_id: 'a', blocked_by: 'a' })),
        )
      ).message,
      /line 2: /,
    )
    const mutual = lines({ id: 'a', title: 'A', type: 'task', story_id: 'b' }, { id: 'b', title: 'B', story_id: 'a' })
    assert.match((await refused('bad-import', 2, take(world, mutual))).message, /line 1: /)
  })

  test('priorities outside 0 to 10 are clamped, with a warning; unknown keys are named', async (t) => {
    const world = await makeWorld(t)
    const imported = await take(
      world,
      lines({ id: 'a', title: 'A', priority: 99 }, { id: 'b', title: 'B', priority: '-3', sprint: 4 }),
    )
    assert.deepEqual([(await world.task('a')).priority, (await world.task('b')).priority], [10, 0])
    assert.deepEqual(
      imported.warnings.map((words) => words.slice(0, 7)),
      ['line 1:', 'line 2:', 'line 2:'],
    )
  })

  test('a dry run checks and writes nothing', async (t) => {
    const world = await makeWorld(t)
    assert.equal((await take(world, project, { dryRun: true })).tasks.length, 3)
    assert.equal(await world.reading.lastSeq(), 0)
  })

  test('ten thousand tasks come in one append', async (t) => {
    const world = await makeWorld(t)
    const many = Array.from({ length: 10_000 }, (_, i) => ({
      id: `t${i}`,
      title: `Task ${i}`,
      ...(i > 0 ? { blocked_by: [`t${i - 1}`] } : {}),
    }))
    assert.equal((await take(world, lines(...many))).tasks.length, 10_000)
    assert.equal((await world.reading.standing()).counts.ready, 1)
  })
})

describe('reading JSON lines', () => {
  test('BOM, Windows line ends and a last line without one are fine', () => {
    const { entries, problems } = readJsonl('\uFEFF{"id":"a","title":"A"}\r\n  # note\r\n{"id":"b","title":"B"}')
    assert.deepEqual(
      [entries.map(({ id, line }) => [id, line]), problems],
      [
        [
          ['a', 1],
          ['b', 3],
        ],
        [],
      ],
    )
  })
  test('a line above 10 MiB is refused, not cut', () => {
    const { problems } = readJsonl(JSON.stringify({ id: 'a', title: 'A', description: 'x'.repeat(10 * 1024 * 1024) }))
    assert.match(problems[0]!, /10 MiB/)
  })
  test('words for priorities are the seeds’', () => {
    const { entries } = readJsonl(
      ['critical', 'urgent', 'high', 'normal', 'medium', 'low', '7', 3]
        .map((priority, i) => JSON.stringify({ id: `t${i}`, title: 'T', priority }))
        .join('\n'),
    )
    assert.deepEqual(
      entries.map(({ words }) => words.priority),
      [10, 10, 7, 5, 5, 2, 7, 3],
    )
  })
})
