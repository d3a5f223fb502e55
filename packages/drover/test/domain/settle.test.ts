import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryReasons } from '../../src/domain/event.ts'
import { backoff, settle, settlePart, settleRefusal, type AttemptEnd, type Rules } from '../../src/domain/settle.ts'
import { verdictOf, type VerdictKind } from '../../src/domain/verdict.ts'
import { taskWith } from './task.ts'

const rules: Rules = { retryDelayMs: 1000, retryDelayMaxMs: 8000, jitter: 0, fresh: true, landsBy: 'auto' }
const judged = (verdict: VerdictKind, commit: string | null = 'c1'): AttemptEnd => ({
  kind: 'judged',
  verdict: verdictOf(verdict, 'reported', 'in words'),
  commit,
  base: 'b',
  subjects: [],
})
const types = (end: AttemptEnd, changes: Parameters<typeof taskWith>[0] = {}, landsBy: Rules['landsBy'] = 'auto') =>
  settle(taskWith({ status: 'in_progress', attempt: 1, ...changes }), end, { ...rules, landsBy }, 100).map(
    (event) => event.type,
  )

test('a pass goes to landing; with nothing to land it is completed; by hand it waits for a person', () => {
  assert.deepEqual(types(judged('pass')), ['task.passed'])
  assert.deepEqual(types(judged('pass_with_warnings')), ['task.passed'])
  assert.deepEqual(types(judged('pass', null)), ['task.passed', 'task.completed'])
  assert.deepEqual(types(judged('pass', null), {}, 'manual'), ['task.passed', 'task.completed'])
  assert.deepEqual(types(judged('pass'), {}, 'manual'), ['task.passed', 'task.blocked'])
  assert.deepEqual(types(judged('pass'), { kind: 'subtask' }), ['task.passed'])
})

test('203: only a pass goes on: block asks a person, fail and unknown are tried again', () => {
  assert.deepEqual(types(judged('block')), ['task.blocked'])
  assert.deepEqual(types(judged('fail')), ['task.retried'])
  assert.deepEqual(types(judged('unknown')), ['task.retried'])
})

test('max_attempts means that many: which reasons count and what follows is the table of the decisions', () => {
  const last = { attempts: 2, maxAttempts: 3 }
  assert.deepEqual(types(judged('fail'), last), ['task.failed'])
  for (const reason of retryReasons) {
    if (reason === 'conflict' || reason === 'gate') {
      const event = settleRefusal(taskWith({ status: 'landing', ...last }), { reason, detail: 'd' }, rules, 0)
      assert.equal(event.type, 'task.blocked', reason)
      assert.equal(
        settleRefusal(taskWith({ status: 'landing' }), { reason, detail: 'd' }, rules, 0).type,
        'task.retried',
      )
      continue
    }
    const counts = !['limit', 'interrupted', 'lost'].includes(reason)
    assert.deepEqual(
      types({ kind: 'broken', reason, error: 'e' }, last),
      [counts ? 'task.failed' : 'task.retried'],
      reason,
    )
    const [event] = settle(taskWith({ status: 'in_progress' }), { kind: 'broken', reason, error: 'e' }, rules, 100)
    assert.ok(event?.type === 'task.retried')
    assert.equal(event.data.counts, counts)
    assert.equal(event.data.notBefore, counts ? 1100 : 100)
    assert.equal(event.data.fresh, counts)
  }
})

test('a part of an attempt never fails for good: a parent that is set aside in that moment would go on without it', () => {
  const part = taskWith({ kind: 'subtask', status: 'in_progress', attempts: 2, maxAttempts: 3 })
  const [event] = settlePart(part, { kind: 'broken', reason: 'crashed', error: 'e' }, { rules, now: 0 })
  assert.equal(event?.type, 'task.retried')
})

test('the fourth attempt in a row that takes its machine with it waits for a person', () => {
  const lost: AttemptEnd = { kind: 'broken', reason: 'lost', error: 'gone' }
  assert.deepEqual(types(lost, { lostInARow: 2 }), ['task.retried'])
  assert.deepEqual(types(lost, { lostInARow: 3 }), ['task.blocked'])
})

test('231: the wait doubles with each counted attempt, with jitter, up to the longest', () => {
  const waits = [0, 1, 2, 3, 4, 40].map((attempts) => backoff(attempts, rules))
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 8000, 8000])
  assert.equal(backoff(0, { ...rules, jitter: 0.99 }), 1248)
})
