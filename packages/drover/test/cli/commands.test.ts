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
