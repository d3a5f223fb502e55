import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verdictOf } from '../../src/domain/verdict.ts'
import { assertGolden, makeTeller } from './teller.ts'

const red = (tail: string) => ({
  ...verdictOf('fail', 'drover', 'a check is red'),
  checks: [{ command: 'npm test', passed: false, exitCode: 1, durationMs: 1, tail }],
})

test('a session that goes on is told how its last tries ended, what its tasks came to, and hints', async (t) => {
  const teller = await makeTeller(t)
  await teller.add('task-1', { title: 'Read dates' })
  await teller.claim('task-1')
  await teller.spawn('task-2', 'task-1', { title: 'Read times' })
  await teller.completes('task-2', verdictOf('pass', 'reported', 'times are read'))
  for (let n = 1; n <= 7; n++) {
    await teller.retries('task-1', `it failed in way ${n}`, { verdict: red(`wrong: ${n}`) })
    if (n === 6) await teller.hint('task-1', 'use the parser\n# that is there')
    await teller.claim('task-1')
  }
  const { text, beside } = await teller.reminded('task-1')
  assertGolden('goes-on', text)
  assert.deepEqual(beside, {})
  assert.doesNotMatch(text, /way [12]\b/)
})

test('what is too long for a session that goes on stands in files beside its words', async (t) => {
  const teller = await makeTeller(t)
  await teller.add('task-1', { title: 'Read dates' })
  await teller.claim('task-1')
  await teller.spawn('task-2', 'task-1', { title: 'Read times' })
  await teller.completes('task-2', verdictOf('pass', 'reported', 'times '.repeat(40)))
  await teller.retries('task-1', 'wrong '.repeat(40), { verdict: red('expected '.repeat(40)) })
  await teller.hint('task-1', 'look '.repeat(40))
  await teller.claim('task-1')
  const { text, beside } = await teller.reminded('task-1', { max_file_size: 100 })
  assertGolden('goes-on-too-long', text)
  assert.deepEqual(Object.keys(beside), ['attempt-1.txt', 'check-1.txt', 'made-task-2.txt', 'hint-1.md'])
  assert.match(beside['hint-1.md'] ?? '', /^(?:look ){40}$/)
})
