import assert from 'node:assert/strict'
import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  double,
  integer,
  nat,
  oneof,
  option,
  record,
  string,
  tuple,
} from 'fast-check'
import { eventTypes, type Event, type EventType, type NewEvent, retryReasons } from '../../src/domain/event.ts'
import { evolve } from '../../src/domain/evolve.ts'
import { move, tellings } from '../../src/domain/moves.ts'
import { findCircle } from '../../src/domain/needs.ts'
import { type AtWork, type Candidate, heldBack, schedule } from '../../src/domain/schedule.ts'
import { backoff, settle, settleRefusal, type AttemptEnd, type Rules } from '../../src/domain/settle.ts'
import { blockedReasons, statuses, type Task } from '../../src/domain/task.ts'
import { verdictOf } from '../../src/domain/verdict.ts'
import { taskWith } from '../domain/task.ts'
import { meets } from './forecast.ts'
import { checked } from './checked.ts'

const commit = option(constant('c0ffee'))
/** A task as it may stand anywhere in its life. */
const task: Arbitrary<Task> = record({
  kind: constantFrom('task' as const, 'subtask' as const, 'spawned' as const, 'split' as const),
  status: constantFrom(...statuses),
  reason: constantFrom(...blockedReasons),
  rest: option(
    constantFrom(
      { status: 'landing' as const, reason: null, note: '' },
      { status: 'blocked' as const, reason: 'review' as const, note: 'look' },
    ),
  ),
  openNeeds: nat(2),
  maxAttempts: integer({ min: 1, max: 5 }),
  counted: nat(5),
  lostInARow: nat(3),
  attempt: nat(9),
  commit,
  fresh: boolean(),
}).map(({ reason, counted, rest, ...about }) =>
  taskWith({
    ...about,
    attempts: Math.min(counted, about.maxAttempts - 1),
    blockedReason: about.status === 'blocked' ? reason : null,
    rest: about.status === 'paused' ? rest : null,
  }),
)

const verdict = constantFrom(
  'pass' as const,
  'pass_with_warnings' as const,
  'block' as const,
  'fail' as const,
  'unknown' as const,
).map((word) => verdictOf(word, 'reported', 'in words'))
const broken = retryReasons.filter((reason) => reason !== 'conflict' && reason !== 'gate')
const end: Arbitrary<AttemptEnd> = oneof(
  record({
    kind: constant('judged' as const),
    verdict,
    commit,
    base: commit,
    subjects: constant<string[]>([]),
  }),
  record({ kind: constant('broken' as const), reason: constantFrom(...broken), error: string() }),
)
const rules: Arbitrary<Rules> = record({
  retryDelayMs: nat(60_000),
  retryDelayMaxMs: nat(600_000),
  jitter: double({ min: 0, max: 0.999, noNaN: true }),
  fresh: boolean(),
  landsBy: constantFrom('auto' as const, 'manual' as const),
})

/** Facts with something for every event to read. */
const facts = record({
  how: constantFrom('needs', 'checkout', 'resolved', 'approved', 'land', 'retry'),
  reason: constantFrom(...blockedReasons),
  note: constant('a note'),
  counts: boolean(),
  resets: boolean(),
  fresh: boolean(),
  notBefore: nat(),
  error: constant('it broke'),
  verdict: constant(null),
  commit,
  base: constant('b'),
  attempt: integer({ min: 1, max: 9 }),
  words: constant({ title: 'other words' }),
  usage: constant({ inputTokens: 1, cachedInputTokens: 0, outputTokens: 2, costUsd: 0.5 }),
})
const stamp = { seq: 2, key: 'k2', at: 5, machine: null, slot: null, actor: 'person:Ada' }
const stamped = (said: Pick<NewEvent, 'type' | 'data'>): Event => ({ ...said, ...stamp, task: 'task-a' }) as Event

checked(
  'a task goes where the table says, and stays as it is told of',
  [task, constantFrom(...eventTypes), facts],
  (before, type, data) => {
    const event = stamped({ type, data } as unknown as NewEvent)
    const to = move(before, event)
    if (to === undefined) return
    const next = evolve(before, event)
    assert.equal(next.status, to)
    assert.equal(next.status === 'blocked', next.blockedReason !== null, 'blocked has a reason, nothing else has')
    assert.ok(next.status === 'paused' || next.rest === null || tellings.has(type), 'only what is paused rests')
    if (tellings.has(type)) assert.equal(to, before.status)
    if (['completed', 'failed', 'cancelled'].includes(before.status) && !tellings.has(type))
      assert.equal(type, 'task.reopened')
    if (to === 'ready' && before.status !== 'ready')
      assert.equal(before.openNeeds, 0, 'nobody is ready before its needs')
    assert.ok(next.attempt === before.attempt || type === 'task.claimed' || type === 'task.started')
  },
)

const moving: ReadonlySet<EventType> = new Set<EventType>([
  'task.passed',
  'task.retried',
  'task.blocked',
  'task.failed',
])

checked(
  'every end of every attempt is exactly one event that moves the task on',
  [task, end, rules, nat()],
  (any, ended, given, now) => {
    const before = { ...any, status: 'in_progress' as const, blockedReason: null, rest: null }
    const [first, ...more] = settle(before, ended, given, now)
    assert.ok(first && moving.has(first.type))
    assert.ok(
      more.length <= 1 &&
        more.every(({ type }) => first.type === 'task.passed' && ['task.completed', 'task.blocked'].includes(type)),
    )
    let after: Task = before
    for (const said of [first, ...more]) {
      assert.notEqual(move(after, said), undefined, `${said.type} of a task that is ${after.status}`)
      after = evolve(after, stamped(said))
    }
    assert.notEqual(after.status, 'in_progress')
    assert.ok(after.attempts <= after.maxAttempts, `${after.attempts} of ${after.maxAttempts}`)
    assert.ok(after.attempts - before.attempts <= 1)
    if (after.attempts === after.maxAttempts) assert.equal(after.status, 'failed')
    if (first.type === 'task.retried') assert.ok(first.data.notBefore >= now)
  },
)

checked(
  'a refused landing never counts an attempt beyond the most there may be',
  [task, constantFrom('conflict' as const, 'gate' as const), rules, integer({ min: 1, max: 4 })],
  (any, reason, given, times) => {
    let after: Task = { ...any, kind: 'task', status: 'landing', commit: 'c0ffee', blockedReason: null, rest: null }
    for (let n = 0; n < times && after.status === 'landing'; n++) {
      const said = settleRefusal(after, { reason, detail: 'red' }, given, 0)
      assert.notEqual(move(after, said), undefined)
      after = evolve(after, stamped(said))
      assert.ok(after.attempts <= after.maxAttempts, `${after.attempts} of ${after.maxAttempts}`)
      if (after.status !== 'blocked' || after.blockedReason === 'needs') return
      const again = { type: 'task.unblocked', data: { how: 'land', note: '', resets: false, fresh: false } } as const
      after = evolve(after, stamped(again))
    }
  },
)

checked(
  'the wait never shrinks with more attempts, and is never longer than the longest',
  [nat(100), nat(100), rules],
  (a, b, given) => {
    const [fewer, more] = [Math.min(a, b), Math.max(a, b)]
    assert.ok(backoff(fewer, given) <= backoff(more, given))
    assert.ok(backoff(more, given) <= given.retryDelayMaxMs)
    assert.ok(backoff(0, given) >= Math.min(given.retryDelayMs, given.retryDelayMaxMs))
  },
)

const scope = constantFrom<string[]>([], [], ['src/a'], ['src/a/b.ts'], ['src/b'], ['src/ab'], ['**'])
const candidates = array(record({ lastAttemptIsOver: boolean(), notBefore: nat(9), scope }), { maxLength: 12 }).map(
  (all): Candidate[] =>
    all.map(({ lastAttemptIsOver, ...about }, n) => ({
      lastAttemptIsOver,
      task: taskWith({ id: `t${n}`, status: 'ready', ...about }),
    })),
)

checked(
  'whoever may start and has nobody better before it starts; nobody starves behind those who may not',
  [candidates, array(scope, { maxLength: 3 }), nat(9), integer({ min: 1, max: 4 })],
  (waiting, busy, now, slots) => {
    const atWork: AtWork[] = busy.map((one, n) => ({ id: `w${n}`, scope: one }))
    const may = ({ task: one, lastAttemptIsOver }: Candidate, others: readonly AtWork[]): boolean =>
      lastAttemptIsOver && one.notBefore <= now && !others.some((other) => meets(one.scope, other.scope))
    for (const one of waiting) assert.equal(heldBack(one, atWork, now) === undefined, may(one, atWork))
    assert.equal(schedule(waiting, atWork, now), waiting.find((one) => may(one, atWork))?.task)
    const free = waiting.filter((one) => may(one, []))
    let left = free
    for (let round = 1; left.length > 0; round++) {
      assert.ok(round <= free.length, 'each round starts the best one at least')
      const started: AtWork[] = []
      for (let slot = 0; slot < slots; slot++) {
        const next = schedule(
          left.filter((one) => !started.some(({ id }) => id === one.task.id)),
          started,
          now,
        )
        if (next) started.push(next)
      }
      assert.equal(started[0]?.id, left[0]!.task.id)
      left = left.filter((one) => !started.some(({ id }) => id === one.task.id))
    }
  },
)

const graph = array(tuple(nat(7), nat(7)), { maxLength: 14 })

checked('a circle is found where there is one, is one, and is found nowhere else', [graph], (edges) => {
  const needs = new Map<string, string[]>()
  for (const [from, to] of edges) needs.set(`t${from}`, [...(needs.get(`t${from}`) ?? []), `t${to}`])
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    (needs.get(from) ?? []).some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))))
  const circle = findCircle(needs)
  assert.equal(
    circle !== undefined,
    [...needs.keys()].some((id) => reaches(id, id)),
  )
  if (!circle) return
  assert.equal(circle[0], circle.at(-1))
  for (const [n, id] of circle.slice(1).entries()) assert.ok(needs.get(circle[n]!)?.includes(id), circle.join(' → '))
})
