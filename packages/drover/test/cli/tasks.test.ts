import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeProject } from './binary.ts'

describe('tasks', () => {
  test('1: adding says what was added and what comes next', async (t) => {
    const { ok, json } = await makeProject(t)
    const { out, err } = await ok('add', 'Do the thing', '-d', 'At length, so that nobody wonders')
    assert.match(out, /^✅ Created task task-[0-9a-z]{4}: Do the thing\n$/)
    assert.match(err, /^→ drover run\n$/)
    const { task } = await json(
      'add',
      'Another',
      '--priority',
      'high',
      '--label',
      'a,b',
      '--accept',
      'it works',
      '--check',
      'true',
      '--scope',
      'src/**',
      '--max-attempts',
      '5',
      '--timeout',
      '90s',
      '--type',
      'fix',
      '--land',
      'manual',
      '--judge',
      'exit-code',
      '--run',
      'make',
      '--agent',
      'codex',
      '--model',
      'gpt-5.5',
    )
    assert.deepEqual(
      [
        task.title,
        task.priority,
        task.labels,
        task.acceptance,
        task.checks,
        task.scope,
        task.maxAttempts,
        task.timeout,
        task.type,
        task.land,
        task.judge,
        task.run,
        task.agent,
        task.model,
        task.status,
        task.kind,
      ],
      [
        'Another',
        7,
        ['a', 'b'],
        ['it works'],
        ['true'],
        ['src/**'],
        5,
        '1m30s',
        'fix',
        'manual',
        'exit-code',
        'make',
        'codex',
        'gpt-5.5',
        'ready',
        'task',
      ].with(7, '90s'),
    )
    assert.match(task.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    for (const key of ['finishedAt', 'landedCommit', 'verdict', 'worktree', 'notBefore', 'session', 'blockedReason'])
      assert.equal(task[key], null, key)
  })

  test('a title may come from stdin, with the description beneath it', async (t) => {
    const { json } = await makeProject(t)
    const { task } = await json('add', '-', { input: 'The title\r\n\r\nOne.\nTwo.\n' })
    assert.deepEqual([task.title, task.description], ['The title', 'One.\nTwo.'])
  })

  test('what is wrong is refused with exit 2, and nothing is added', async (t) => {
    const { refused, json } = await makeProject(t)
    for (const [code, ...words] of [
      ['bad-title', ' '],
      ['bad-value', 'T', '--priority', '11'],
      ['bad-value', 'T', '--type', 'feature'],
      ['bad-value', 'T', '--timeout', 'soon'],
      ['bad-value', 'T', '--land', 'maybe'],
      ['bad-value', 'T', '--max-attempts', '0'],
      ['bad-value', 'T', '--run', ' '],
      ['bad-id', 'T', '--id', '../../evil'],
      ['usage', 'T', '--parent', 'x', '--id', 'y'],
    ] as const)
      await refused(code, 2, 'add', ...words)
    assert.equal((await json('list', '--all')).tasks.length, 0)
  })

  test('2, 225: a second task of the same id is one line and exit 5', async (t) => {
    const { ok, drover } = await makeProject(t)
    await ok('add', 'One', '--id', 'a', '--skip-validation')
    const { code, err } = await drover('add', 'Two', '--id', 'a')
    assert.deepEqual([code, err.split('\n')[0]], [5, 'error[id-taken]: there is already a task or epic "a"'])
  })

  test('advice is given and not enforced', async (t) => {
    const { ok } = await makeProject(t)
    assert.match((await ok('add', 'fix issues')).err, /vague/)
    assert.doesNotMatch((await ok('add', 'fix issues', '--skip-validation')).err, /vague/)
    assert.doesNotMatch((await ok('quick', 'fix issues')).err, /vague/)
  })

  test('what is edited changes, and needs are kept apart', async (t) => {
    const { ok, json, refused } = await makeProject(t)
    for (const id of ['a', 'b', 'c']) await ok('add', `Task ${id}`, '--id', id, '--skip-validation')
    await ok('epic', 'add', 'E', '--id', 'epic-e')
    const { task } = await json('edit', 'a', '--title', 'New', '-p', '9', '--blocked-by', 'b,c', '--epic', 'epic-e')
    assert.deepEqual(
      [task.title, task.priority, task.needs, task.waitingFor, task.epicId, task.status],
      [
        'New',
        9,
        ['b', 'c'],
        [
          { id: 'b', status: 'ready' },
          { id: 'c', status: 'ready' },
        ],
        'epic-e',
        'blocked',
      ],
    )
    assert.equal((await json('edit', 'a', '--epic', '')).task.epicId, null)
    assert.deepEqual((await json('need', 'rm', 'a', 'b', 'c')).task.needs, [])
    assert.deepEqual((await json('need', 'add', 'a', 'b')).task.needs, ['b'])
    assert.match((await refused('circle', 2, 'need', 'add', 'b', 'a')).message, /a → b → a|b → a → b/)
    await refused('usage', 2, 'edit', 'a')
  })
})

describe('intervening', () => {
  test('40, 42, 45: cancel and requeue go there and back; cancelling twice is nothing', async (t) => {
    const { ok, json } = await makeProject(t)
    await ok('add', 'One', '--id', 'a', '--skip-validation')
    assert.equal((await json('cancel', 'a')).task.status, 'cancelled')
    assert.match((await ok('cancel', 'a')).out, /already/)
    assert.equal((await json('requeue', 'a')).task.status, 'ready')
  })
  test('several tasks may be named, and none is touched when one is unknown', async (t) => {
    const { json, refused, ok } = await makeProject(t)
    for (const id of ['a', 'b']) await ok('add', id, '--id', id, '--skip-validation')
    await refused('no-task', 4, 'pause', 'a', 'nobody')
    assert.deepEqual(
      (await json('pause', 'a', 'b')).tasks.map(({ status }: { status: string }) => status),
      ['paused', 'paused'],
    )
    assert.deepEqual(
      (await json('resume', 'a', 'b', '--hint', 'go on')).tasks.map(({ status }: { status: string }) => status),
      ['ready', 'ready'],
    )
    assert.deepEqual((await json('show', 'a')).hints, ['go on'])
  })
  test('what is not possible says what is', async (t) => {
    const { ok, refused } = await makeProject(t)
    await ok('add', 'One', '--id', 'a', '--skip-validation')
    const { message, hint } = await refused('impossible-move', 5, 'resume', 'a')
    assert.equal(message, 'a is ready, so "resume" cannot happen')
    assert.match(hint, /drover pause a/)
    for (const words of [
      ['retry', 'a'],
      ['resolve', 'a'],
      ['land', 'a'],
      ['land', 'retry', 'a'],
    ])
      await refused('impossible-move', 5, ...words)
  })
  test('a hint is queued for the next prompt', async (t) => {
    const { ok, json } = await makeProject(t)
    await ok('add', 'One', '--id', 'a', '--skip-validation')
    const answer = await json('hint', 'a', 'look', 'there')
    assert.deepEqual([answer.delivery, (await json('show', 'a')).hints], ['queued', ['look there']])
  })
  test('39: reclaim with nothing to take back says so', async (t) => {
    const { ok } = await makeProject(t)
    assert.match((await ok('reclaim')).out, /reclaimed 0/)
  })
  test('reset asks before completed work is done again; off a terminal it needs --yes', async (t) => {
    const { ok, root, refused, json } = await makeProject(t)
    await ok('add', 'One', '--id', 'a', '--run', 'true')
    writeFileSync(join(root, 'none'), '')
    await ok('cancel', 'a')
    assert.match((await ok('reset')).out, /Reset 1 task/)
    assert.match((await ok('reset')).out, /Nothing to reset/)
    assert.equal((await json('list')).tasks[0].status, 'ready')
    await refused('no-task', 4, 'reset', 'nobody')
  })
})
