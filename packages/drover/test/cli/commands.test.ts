import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import pkg from '../../package.json' with { type: 'json' }
import { makePlace, makeProject } from './binary.ts'

describe('starting', () => {
  test('help and version need no project', async (t) => {
    const { drover } = makePlace(t, { commit: false })
    for (const words of [
      [],
      ['-h'],
      ['--help'],
      ['help'],
      ['help', 'add'],
      ['add', '-h'],
      ['help', 'exit-codes'],
      ['epic', '--help'],
    ]) {
      const ran = await drover(...words)
      assert.deepEqual([ran.code, ran.err], [0, ''], words.join(' '))
      assert.ok(ran.out.length > 100)
    }
    for (const words of [['--version'], ['-V'], ['version']])
      assert.equal((await drover(...words)).out, `drover ${pkg.version}\n`)
    assert.equal(JSON.parse((await drover('version', '--json')).out).data.version, pkg.version)
  })

  test('224: a command that reads makes nothing where there is no project, and says so', async (t) => {
    const { drover, refused, root } = makePlace(t)
    for (const words of [['list'], ['status'], ['add', 'x'], ['stream'], ['prune']])
      assert.notEqual((await drover(...words)).code, 0)
    await refused('no-project', 3, 'list')
    assert.equal(existsSync(join(root, '.drover')), false)
  })

  test('outside a repository and before its first commit, the error is a command to run', async (t) => {
    const { refused, root } = makePlace(t, { commit: false })
    assert.match((await refused('no-commit', 3, 'init')).hint, /^git commit/)
    assert.match((await refused('no-git', 3, 'init', '-C', join(root, '..'))).hint, /^git init/)
  })

  test('224: it works from a folder below, and with -C from anywhere', async (t) => {
    const { json, root, ok } = await makeProject(t)
    mkdirSync(join(root, 'deep', 'er'), { recursive: true })
    await ok('add', 'One', '--skip-validation', { cwd: join(root, 'deep', 'er') })
    assert.equal((await json('list', '-C', join(root, 'deep'), { cwd: '/' })).tasks.length, 1)
  })

  test('223: eight first commands at once all succeed', async (t) => {
    const { drover, json, ok } = makePlace(t)
    await ok('init')
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => drover('add', `Task ${i}`, '--skip-validation')))
    assert.deepEqual(
      all.map(({ code }) => code),
      Array(8).fill(0),
    )
    assert.equal((await json('list')).tasks.length, 8)
  })

  test('errors are JSON on stdout where that was asked for, and words on stderr always', async (t) => {
    const { refused, drover } = await makeProject(t)
    assert.match((await refused('unknown-command', 2, 'stauts')).hint, /drover status/)
    assert.match((await refused('unknown-option', 2, 'list', '--statsu', 'x')).hint, /--status/)
    await refused('usage', 2, 'show')
    await refused('no-task', 4, 'show', 'nobody')
    const plain = await drover('show', 'nobody')
    assert.deepEqual([plain.out, plain.code], ['', 4])
    assert.match(plain.err, /^error\[no-task\]: there is no task "nobody"\n {2}hint: /)
  })

  test('a reader that goes away ends it quietly', async (t) => {
    const { start, ok } = await makeProject(t)
    for (let i = 0; i < 3; i++) await ok('add', `Task ${i}`, '--skip-validation')
    const child = start(['stream', '--since', '0'])
    const over = new Promise((resolve) => child.on('close', resolve))
    let err = ''
    child.stderr!.on('data', (text) => (err += text))
    await new Promise((resolve) => child.stdout!.once('data', resolve))
    child.stdout!.destroy()
    await ok('add', 'one more', '--skip-validation')
    assert.deepEqual([await over, err], [0, ''])
  })

  test('reading loads neither child processes nor HTTP', async (t) => {
    const { ok, root } = await makeProject(t)
    await ok('add', 'One', '--skip-validation')
    const look = join(root, 'look.mjs')
    writeFileSync(
      look,
      'process.on("exit", () => process.stderr.write(process.moduleLoadList.filter((name) => /NativeModule (child_process|http|https|dgram|inspector)$/.test(name)).join()))',
    )
    for (const words of [
      ['list'],
      ['status'],
      ['show', 'task-'],
      ['why', 'task-'],
      ['stream', '--no-follow'],
      ['help'],
      ['config', 'list'],
    ]) {
      const { err } = await ok(...words, { env: { NODE_OPTIONS: `--import=${look}` } })
      assert.doesNotMatch(err, /NativeModule/, words.join(' '))
    }
  })
})

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

describe('settings and formats', () => {
  test('194, 195: a setting that is set counts and says where it comes from; an unknown one is refused with the near one', async (t) => {
    const { ok, json, refused, root } = await makeProject(t)
    await ok('config', 'set', 'workers', '8')
    await ok('config', 'set', 'land.gate', 'npm test')
    await ok('config', 'set', 'default_labels', 'x,y')
    assert.deepEqual(
      [(await json('config', 'get', 'workers')).value, (await json('config', 'get', 'land.gate')).value],
      [8, 'npm test'],
    )
    assert.deepEqual(
      (await json('config', 'get', 'workers', { env: { DROVER_WORKERS: '3' } })).origin,
      'DROVER_WORKERS',
    )
    assert.deepEqual((await json('add', 'One', '--label', 'z')).task.labels, ['x', 'y', 'z'])
    assert.equal((await ok('config', 'get', 'workers')).out, '8\n')
    assert.match((await refused('bad-setting', 2, 'config', 'set', 'wrkers', '8')).hint, /workers/)
    await refused('bad-setting', 2, 'config', 'set', 'workers', 'many')
    assert.ok((await json('config', 'list')).settings.length > 20)
    writeFileSync(join(root, '.drover.toml'), 'wrkers = 3\n')
    assert.match((await refused('bad-setting', 2, 'list')).hint, /workers/)
  })

  test('importing twice is importing once', async (t) => {
    const { json, root, refused, ok } = await makeProject(t)
    writeFileSync(
      join(root, 'x.jsonl'),
      '{"id":"E","type":"epic","title":"An epic"}\n{"id":"S","type":"story","epic_id":"E","title":"A story","priority":"high"}\n',
    )
    assert.deepEqual((await json('import-jsonl', 'x.jsonl', '--dry-run')).tasks, ['S'])
    assert.deepEqual((await json('import-jsonl', 'x.jsonl')).tasks, ['S'])
    const again = await json('import-jsonl', 'x.jsonl')
    assert.deepEqual([again.tasks, again.unchanged], [[], 2])
    assert.equal((await json('import-jsonl', '-', { input: '{"id":"T","title":"From stdin"}' })).tasks.length, 1)
    await refused('bad-file', 2, 'import-jsonl', 'nowhere.jsonl')
    await refused('bad-import', 2, 'import-jsonl', '-', { input: 'nonsense' })
    assert.match((await ok('epic', 'list')).out, /^E {2}open {2}0\/1 {2}An epic\n$/)
    assert.equal((await json('epic', 'show', 'E')).tasks[0].id, 'S')
    assert.equal((await json('epic', 'close', 'E')).epic.status, 'closed')
  })

  test('161, 162, 230: a report from outside an attempt, or a wrong one, is exit 2, and stdin is left alone', async (t) => {
    const { refused, start, env } = await makeProject(t)
    assert.match(
      (await refused('not-an-attempt', 2, 'parcel', 'done', '--verdict', 'pass', '--summary', 'x', '--tokens-in', '0'))
        .message,
      /DROVER_/,
    )
    await refused('usage', 2, 'parcel', 'done', '--verdict', 'great', '--summary', 'x')
    await refused(
      'usage',
      2,
      'parcel',
      'done',
      '--verdict',
      'pass',
      '--summary',
      'x',
      '--detail',
      'a',
      '--detail-file',
      'b',
    )
    await refused('usage', 2, 'parcel', 'done', '--verdict', 'pass', '--summary', 'x', '--tokens-in', '-1')
    await refused('not-an-attempt', 2, 'parcel', 'progress', 'a', 'step')
    const child = start(['parcel', 'done', '--verdict', 'pass', '--summary', 'x'], { env })
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), 2)
  })

  test('doctor shows every check with its remedy; a bad one is exit 1', async (t) => {
    const { drover } = await makeProject(t)
    const { out } = await drover('doctor', '--json')
    const { checks } = JSON.parse(out).data
    for (const check of checks) {
      assert.ok(['ok', 'warn', 'bad'].includes(check.state) && check.name !== '')
      if (check.state !== 'ok') assert.notEqual(check.remedy, '', check.name)
    }
    const plain = await drover('doctor')
    assert.equal(plain.code, checks.some(({ state }: { state: string }) => state === 'bad') ? 1 : 0)
    assert.match(plain.out, /✓ {2}git/)
  })

  test('without a daemon, its status is exit 6', async (t) => {
    const { refused } = await makeProject(t)
    for (const words of [['daemon', 'status'], ['daemon-status'], ['daemon', 'stop'], ['daemon-stop']])
      await refused('no-daemon', 6, ...words)
  })

  test('init twice is fine', async (t) => {
    const { json } = await makeProject(t)
    assert.deepEqual((await json('init')).created, [])
  })
})
