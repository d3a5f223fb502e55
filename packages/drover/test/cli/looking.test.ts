import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeProject } from './binary.ts'

describe('looking', () => {
  test('4, 234: the list has the highest priority first, and the oldest first within it', async (t) => {
    const { ok, json } = await makeProject(t)
    for (const [id, priority] of [
      ['a', '5'],
      ['b', '9'],
      ['c', '5'],
      ['d', '9'],
      ['e', '5'],
    ] as const)
      await ok('add', id, '--id', id, '-p', priority, '--skip-validation')
    assert.deepEqual(
      (await json('list')).tasks.map(({ id }: { id: string }) => id),
      ['b', 'd', 'a', 'c', 'e'],
    )
  })

  test('5, 6, 10, 11, 12: it can be filtered, and says by what', async (t) => {
    const { ok, json, refused } = await makeProject(t)
    for (const id of ['a', 'b', 'c']) await ok('add', id, '--id', id, '--skip-validation')
    await ok('cancel', 'a')
    await ok('pause', 'b')
    const ids = async (...words: string[]) => {
      const { filter, tasks } = await json('list', ...words)
      return [filter, tasks.map(({ id }: { id: string }) => id)]
    }
    assert.deepEqual(await ids(), ['active', ['b', 'c']])
    assert.deepEqual(await ids('--all'), ['all', ['a', 'b', 'c']])
    assert.deepEqual(await ids('--status', 'pending'), ['pending', ['c']])
    assert.deepEqual(await ids('--status', 'paused,cancelled'), ['paused,cancelled', ['a', 'b']])
    assert.deepEqual(await ids('--status', ''), ['', []])
    assert.deepEqual(await ids('--status', 'merge-blocked'), ['merge-blocked', []])
    assert.match((await refused('bad-value', 2, 'list', '--status', 'bogus')).message, /pending/)
  })

  test('13: on a terminal or not, a list is lines and nothing else', async (t) => {
    const { ok } = await makeProject(t)
    assert.equal((await ok('list')).out, '')
    for (const id of ['a', 'b']) await ok('add', `Title of ${id}`, '--id', id, '--skip-validation')
    const { out } = await ok('list', { env: { COLUMNS: '200' } })
    assert.deepEqual(out.trimEnd().split('\n'), [
      'a  ⏳ ready  5  0/3  auto  -  Title of a',
      'b  ⏳ ready  5  0/3  auto  -  Title of b',
    ])
    assert.ok(!out.includes('\u001B'))
  })

  test('7, 8, 14: the summary has every status, zeros included, and what landed', async (t) => {
    const { ok, json } = await makeProject(t)
    const before = await json('summary')
    assert.deepEqual(before.counts, {
      ready: 0,
      blocked: 0,
      claimed: 0,
      in_progress: 0,
      landing: 0,
      paused: 0,
      decomposed: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
    })
    assert.deepEqual([before.landed, before.mergeBlocked, before.total], [0, 0, 0])
    await ok('add', 'One', '--id', 'a', '--skip-validation')
    await ok('cancel', 'a')
    assert.deepEqual([(await json('summary')).counts.cancelled, (await json('summary')).total], [1, 1])
    for (const word of ['landing', 'landed', 'merge-blocked', 'ready', 'failed'])
      assert.match((await ok('summary')).out, new RegExp(`${word} +\\d`))
  })

  test('3, 9: one task is shown as indented JSON with id and status; an unknown one is exit 4', async (t) => {
    const { ok, drover, refused, json } = await makeProject(t)
    await ok('add', 'One', '--id', 'task-abcd', '--skip-validation')
    for (const words of [
      ['show', 'abcd'],
      ['info', 'task-a'],
      ['status', 'abcd'],
    ]) {
      const { out } = await drover(...words, '--json')
      assert.match(out, /\n {4}"task": \{\n {6}"id": "task-abcd"/)
      assert.equal(JSON.parse(out).data.task.status, 'ready')
    }
    assert.match((await refused('no-task', 4, 'show', 'task-abce')).hint, /task-abcd/)
    await ok('add', 'Two', '--id', 'task-abxy', '--skip-validation')
    assert.deepEqual(
      (await json('show', 'abcd', 'abxy')).tasks.map((one: { task: { id: string } }) => one.task.id),
      ['task-abcd', 'task-abxy'],
    )
    assert.match((await refused('ambiguous', 4, 'show', 'ab')).message, /task-abcd, task-abxy/)
  })

  test('203: why names what a task waits for, and what stands behind that', async (t) => {
    const { ok, json } = await makeProject(t)
    await ok('add', 'One', '--id', 'a', '--run', 'true')
    await ok('add', 'Two', '--id', 'b', '-b', 'a', '--skip-validation')
    await ok('add', 'Three', '--id', 'c', '-b', 'b', '--skip-validation')
    assert.match((await ok('why', 'a')).out, /is ready: it starts as soon as drover runs/)
    await ok('cancel', 'a', '-m', 'no longer wanted')
    const { reasons, next } = await json('why', 'c')
    assert.deepEqual(reasons, [
      'c waits for what it needs:',
      '  b is blocked (needs)',
      '    a is cancelled: no longer wanted',
    ])
    assert.deepEqual(next.slice(0, 1), ['drover retry a'])
    assert.match((await ok('why', 'a')).out, /was cancelled .*ago: no longer wanted\n→ drover retry a/s)
  })

  test('the one line, the tree and the graph are for people', async (t) => {
    const { ok } = await makeProject(t)
    await ok('add', 'Parent', '--id', 'task-1', '--skip-validation')
    await ok('add', 'Child', '--parent', 'task-1', '--skip-validation')
    await ok('add', 'Later', '--id', 'x', '-b', 'task-1', '--skip-validation')
    assert.equal((await ok('status', '--oneline')).out, '🟢 0 running | 📋 2 queued | ✅ 0 done | 🔴 0 blocked\n')
    assert.equal((await ok('status', '--oneline', '--ascii')).out, 'run:0 queue:2 done:0 blocked:0\n')
    assert.equal((await ok('status', '--oneline', { env: { LANG: 'C' } })).out, 'run:0 queue:2 done:0 blocked:0\n')
    assert.match(
      (await ok('status', '--tree')).out,
      /^🐂 Drover Task Tree\n━+\n⏳ task-1: Parent\n {4}└── ⏳ task-1.1: Child\n/,
    )
    assert.match((await ok('status', '--graph')).out, /after layer 1\n {2}🔴 x: Later\n {5}← task-1\n/)
  })

  test('titles cannot act on the terminal', async (t) => {
    const { ok, root } = await makeProject(t)
    writeFileSync(
      join(root, 'x.jsonl'),
      JSON.stringify({ id: 'evil', title: 'a\u202Eb', description: 'c\u001B[2Jd\u0007' }),
    )
    await ok('import-jsonl', 'x.jsonl')
    for (const words of [
      ['list'],
      ['show', 'evil'],
      ['show', 'evil', '--json'],
      ['status', '--tree'],
      ['stream', '--no-follow'],
    ])
      assert.doesNotMatch((await ok(...words)).out, /(?!\n)[\p{Cc}\u202E]/u, words.join(' '))
  })

  test('colour follows --color, NO_COLOR and FORCE_COLOR', async (t) => {
    const { ok } = await makeProject(t)
    const colored = async (env: Record<string, string>, ...words: string[]) =>
      (await ok('status', ...words, { env })).out.includes('\u001B[')
    assert.deepEqual(
      [
        await colored({}),
        await colored({ FORCE_COLOR: '1' }),
        await colored({ FORCE_COLOR: '1', NO_COLOR: '1' }),
        await colored({ NO_COLOR: '1' }, '--color', 'always'),
        await colored({ FORCE_COLOR: '1' }, '--color=never'),
      ],
      [false, true, false, true, false],
    )
  })

  test('logs and diff of a task nobody worked on are friendly, of an unknown one an error', async (t) => {
    const { ok, refused } = await makeProject(t)
    await ok('add', 'One', '--id', 'a', '--skip-validation')
    assert.match((await ok('logs', 'a')).err, /no attempt yet/)
    assert.match((await ok('diff', 'a')).err, /nothing yet/)
    assert.match((await ok('land', 'history', 'a')).err, /no land attempts recorded/)
    for (const words of [
      ['logs', 'x'],
      ['diff', 'x'],
      ['land', 'history', 'x'],
      ['cancel', 'x'],
      ['requeue', 'x'],
      ['land', 'retry', 'x'],
    ])
      await refused('no-task', 4, ...words)
    await refused('no-attempt', 4, 'logs', 'a', '--attempt', '3')
  })
})

describe('following', () => {
  test('the stream is JSON lines in order, and goes on from a cursor without a gap', async (t) => {
    const { ok, refused } = await makeProject(t)
    await ok('epic', 'add', 'E', '--id', 'epic-e')
    await ok('add', 'One', '--id', 'a', '-e', 'epic-e', '--skip-validation')
    await ok('pause', 'a')
    await ok('add', 'Two', '--id', 'b', '--skip-validation')
    const stream = async (...words: string[]) =>
      (await ok('stream', ...words)).out
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    const all = await stream('--since', '0', '--no-follow')
    assert.deepEqual(
      all.map(({ type, taskId, epicId }) => [type, taskId, epicId]),
      [
        ['epic.created', null, 'epic-e'],
        ['task.created', 'a', 'epic-e'],
        ['task.paused', 'a', 'epic-e'],
        ['task.created', 'b', null],
      ],
    )
    assert.deepEqual(Object.keys(all[0]), [
      'seq',
      'id',
      'type',
      'timestamp',
      'taskId',
      'epicId',
      'attempt',
      'workerId',
      'actor',
      'data',
    ])
    assert.deepEqual(await stream('--since', String(all[1].seq), '--no-follow'), all.slice(2))
    assert.deepEqual(await stream('--since', '0', '--limit', '2'), all.slice(0, 2))
    assert.deepEqual(await stream('--since', '1h', '--no-follow', '--type', 'created'), [all[1], all[3]])
    assert.deepEqual(await stream('--no-follow', '--task', 'a'), all.slice(1, 3))
    assert.deepEqual(await stream('--no-follow', '--epic', 'epic-e'), all.slice(0, 3))
    assert.deepEqual(await stream('--until', '2001-01-01T00:00:00Z'), [])
    assert.match((await refused('bad-value', 2, 'stream', '--type', 'complete')).message, /task.completed/)
    await refused('bad-value', 2, 'stream', '--since', 'yesterday')
  })

  test('it begins now, stays, and hears what others write at once', async (t) => {
    const { ok, start } = await makeProject(t)
    await ok('add', 'Before', '--skip-validation')
    const child = start(['stream', '-v', '--limit', '1', '--type', 'created'])
    const over = new Promise((resolve) => child.on('close', resolve))
    let out = ''
    let heardAt = 0
    child.stdout!.on('data', (text) => {
      out += text
      heardAt ||= Date.now()
    })
    await new Promise((resolve) => child.stderr!.once('data', resolve))
    await ok('add', 'After', '--skip-validation')
    assert.equal(await over, 0)
    const event = JSON.parse(out)
    assert.equal(event.data.words.title, 'After')
    assert.ok(heardAt - Date.parse(event.timestamp) < 1000, `${heardAt - Date.parse(event.timestamp)} ms`)
  })

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    test(`${signal} ends it with ${code}`, async (t) => {
      const { start } = await makeProject(t)
      const child = start(['stream', '-v'])
      const over = new Promise((resolve) => child.on('close', resolve))
      await new Promise((resolve) => child.stderr!.once('data', resolve))
      child.kill(signal)
      assert.equal(await over, code)
    })

  test('watch where nobody looks prints a line for every change and ends when there is nothing to come', async (t) => {
    const { ok, start } = await makeProject(t)
    assert.equal((await ok('watch')).out, '🟢 0 running | 📋 0 queued | ✅ 0 done | 🔴 0 blocked\n')
    await ok('add', 'One', '--id', 'a', '--skip-validation')
    const child = start(['watch', '--json'])
    let out = ''
    const first = new Promise((resolve) => child.stdout!.on('data', (text) => ((out += text), resolve(undefined))))
    const over = new Promise((resolve) => child.on('close', resolve))
    await first
    await ok('cancel', 'a')
    assert.equal(await over, 0)
    assert.deepEqual(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).counts.ready),
      [1, 0],
    )
  })
})
