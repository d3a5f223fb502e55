import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTitle, readPriority, readSubtaskTitle } from '../../src/domain/draft.ts'
import { checkId, splitSubtaskId } from '../../src/domain/id.ts'
import { nearest } from '../../src/domain/nearest.ts'
import { findCircle } from '../../src/domain/needs.ts'
import { overlaps } from '../../src/domain/schedule.ts'
import { readDuration, readMoney, readSize, showDuration, showSize } from '../../src/domain/settings.ts'
import { glance, standingOf } from '../../src/domain/summary.ts'
import { readVerdictWord } from '../../src/domain/verdict.ts'

test('226: an id may stand in a ref, a folder and an argument list', () => {
  for (const id of ['task-1', 'a', 'A_b-c.d', 'x'.repeat(100)]) assert.equal(checkId(id), id)
  for (const id of ['', '-x', '_0', 'a b', '../up', 'a..b', 'a.', 'a.lock', 'x'.repeat(101), 'a/b', 'ä', 'a\n'])
    assert.throws(() => checkId(id), { code: 'bad-id' }, id)
})

test('a title is one line without control characters', () => {
  assert.equal(checkTitle('  Füge “OAuth” hinzu 🐂 '), 'Füge “OAuth” hinzu 🐂')
  for (const title of ['', '   ', 'a\nb', 'a\u001b[31m', 'a\u0000', 'a\u2028b', 'x'.repeat(501)])
    assert.throws(() => checkTitle(title), { code: 'bad-title' })
})

test('priorities are numbers from 0 to 10 or the seeds’ words', () => {
  assert.deepEqual(
    ['critical', 'urgent', 'HIGH', 'normal', 'medium', 'low', '0', 10].map(readPriority),
    [10, 10, 7, 5, 5, 2, 0, 10],
  )
  for (const value of ['11', '-1', '1.5', 'soon', Number.NaN])
    assert.throws(() => readPriority(value), { code: 'bad-value' })
})

test('"task-1.4 Title" is a sub-task; "v1.2 is out" is a title', () => {
  assert.deepEqual(
    readSubtaskTitle('task-1.4 Add tests', () => false),
    { id: 'task-1.4', parent: 'task-1', sequence: 4, title: 'Add tests' },
  )
  assert.equal(
    readSubtaskTitle('v1.2 is out', () => false),
    undefined,
  )
  assert.equal(readSubtaskTitle('v1.2 is out', (id) => id === 'v1')?.parent, 'v1')
  assert.deepEqual(splitSubtaskId('task-a.1.2'), { parent: 'task-a.1', sequence: 2 })
})

test('220: a verdict in any spelling is that verdict, and nothing else is one', () => {
  assert.equal(readVerdictWord('Pass with warnings'), 'pass_with_warnings')
  assert.equal(readVerdictWord('pass-with-warning'), 'pass_with_warnings')
  assert.equal(readVerdictWord('BLOCKED'), 'block')
  for (const word of ['passable', 'pass?', 'no pass', '']) assert.equal(readVerdictWord(word), undefined)
})

test('a circle is found and shown as a path, in a chain of 100,000 too', () => {
  assert.deepEqual(
    findCircle(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['a']],
      ]),
    ),
    ['a', 'b', 'c', 'a'],
  )
  const chain = new Map(Array.from({ length: 100_000 }, (_, i) => [`t${i}`, [`t${i + 1}`]]))
  assert.equal(findCircle(chain), undefined)
  assert.equal(findCircle(chain.set('t99999', ['t0']))?.length, 100_001)
})

test('scopes that could name the same file do not run at once', () => {
  assert.ok(overlaps(['src/api/**'], ['src/api/user.ts']))
  assert.ok(overlaps(['src'], ['src/api/*.ts']))
  assert.ok(overlaps(['**'], ['docs/a.md']))
  assert.ok(!overlaps(['src/api/**'], ['src/web/**']))
  assert.ok(!overlaps(['src/api'], ['src/api-v2']))
  assert.ok(!overlaps([], ['src']))
})

test('durations read as people write them', () => {
  assert.deepEqual(
    ['90s', '30m', '1h30m', '500ms', 45, '45'].map(readDuration),
    [90_000, 1_800_000, 5_400_000, 500, 45_000, 45_000],
  )
  for (const value of ['', 'soon', '3x', '-1s', '1h soon', -1]) assert.equal(readDuration(value), undefined)
  assert.deepEqual([0, 500, 90_000, 3_600_000].map(showDuration), ['0s', '500ms', '90s', '1h'])
})

test('a mistyped word has its neighbours', () => {
  assert.deepEqual(nearest('stauts', ['status', 'start', 'stream']), ['status', 'start'])
  assert.deepEqual(nearest('zzz', ['status']), [])
})

test('the glance counts everything once', () => {
  const standing = standingOf([
    { status: 'ready', blockedReason: null, n: 2 },
    { status: 'blocked', blockedReason: 'needs', n: 3 },
    { status: 'blocked', blockedReason: 'conflict', n: 1 },
    { status: 'landing', blockedReason: null, n: 1 },
    { status: 'paused', blockedReason: null, n: 1 },
    { status: 'completed', blockedReason: null, n: 4 },
  ])
  assert.deepEqual(glance(standing), { running: 1, queued: 5, done: 4, blocked: 2, failed: 0 })
  assert.equal(standing.total, 12)
})

test('a size is said in bytes, KB, MB or GB, and dollars with or without their sign', () => {
  assert.deepEqual(['250KB', '1 mb', '1.5kb', '12', 7, '0B'].map(readSize), [256_000, 1_048_576, 1536, 12, 7, 0])
  for (const size of ['', 'KB', '-1', '1TB', -1, 1.5, true, null]) assert.equal(readSize(size), undefined)
  assert.deepEqual([256_000, 1_048_576, 1536, 1000, 0].map(showSize), ['250KB', '1MB', '1536B', '1000B', '0B'])
  assert.deepEqual(['20', '$20', '20usd', '0.50 USD', ' 3$ ', '.5', 20].map(readMoney), [20, 20, 20, 0.5, 3, 0.5, 20])
  for (const money of ['', 'a lot', '20eur', '-1', -1, '1e3x', true, null]) assert.equal(readMoney(money), undefined)
})
