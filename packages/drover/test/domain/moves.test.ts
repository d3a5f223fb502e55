import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventTypes, type EventType, type Facts, type NewEvent } from '../../src/domain/event.ts'
import { evolve } from '../../src/domain/evolve.ts'
import { move, moves } from '../../src/domain/moves.ts'
import { statuses, type Task } from '../../src/domain/task.ts'
import { taskWith } from './task.ts'

const unblocked = (how: Facts['task.unblocked']['how']): NewEvent => ({
  type: 'task.unblocked',
  task: 'task-a',
  data: { how, note: '', resets: false, fresh: false },
})
const event = (type: EventType, data: object = {}): NewEvent => ({ type, task: 'task-a', data }) as unknown as NewEvent
const after = (task: Task, said: NewEvent): Task =>
  evolve(task, { ...said, seq: 2, key: 'k2', at: 5, machine: null, slot: null, actor: 'person:Ada' })

const told: ReadonlySet<string> = new Set(
  'edited progress reported hinted hint_delivered asked answered found proposed'
    .split(' ')
    .map((word) => `task.${word}`),
)

test('over is over: nothing but reopening leaves completed, failed and cancelled', () => {
  for (const status of ['completed', 'failed', 'cancelled'] as const)
    assert.deepEqual(Object.keys(moves[status]), ['task.reopened'])
})

test('whatever is not in the table cannot happen', () => {
  for (const status of statuses)
    for (const type of eventTypes.filter((one) => one.startsWith('task.')))
      if (!(type in moves[status]) && !told.has(type))
        assert.equal(move(taskWith({ status }), event(type)), undefined, `${status} ${type}`)
})

test('a sub-task is never claimed: its parent starts it', () => {
  assert.equal(move(taskWith({ kind: 'subtask' }), event('task.claimed')), undefined)
  assert.equal(move(taskWith({ kind: 'subtask' }), event('task.started')), 'in_progress')
  assert.equal(move(taskWith({}), event('task.started')), undefined)
})

test('a landing is told only of a task that is landing', () => {
  for (const status of statuses)
    assert.equal(move(taskWith({ status }), event('landing.intended')), status === 'landing' ? 'landing' : undefined)
})

test('what waits to land goes on landing; what waits for anything else is ready, or waits for its needs', () => {
  const blocked = taskWith({ status: 'blocked', blockedReason: 'review', commit: 'c1' })
  for (const how of ['approved', 'checkout', 'land'] as const) assert.equal(move(blocked, unblocked(how)), 'landing')
  for (const how of ['resolved', 'retry', 'needs'] as const) assert.equal(move(blocked, unblocked(how)), 'ready')
  assert.equal(move({ ...blocked, openNeeds: 1 }, unblocked('resolved')), 'blocked')
  assert.equal(move({ ...blocked, commit: null }, unblocked('land')), undefined)
})

const roundTrip = (task: Task): Task =>
  after(after(task, event('task.paused', { reason: '' })), event('task.resumed', { note: '', resets: false }))

test('a paused task rests as what it was: in landing, waiting for a person, or ready', () => {
  assert.equal(roundTrip(taskWith({})).status, 'ready')
  assert.equal(roundTrip(taskWith({ status: 'in_progress' })).status, 'ready')
  assert.equal(roundTrip(taskWith({ status: 'landing', commit: 'c' })).status, 'landing')
  assert.equal(roundTrip(taskWith({ openNeeds: 1, status: 'blocked', blockedReason: 'needs' })).blockedReason, 'needs')
  const asked = roundTrip(taskWith({ status: 'blocked', blockedReason: 'question', blockedNote: 'which port?' }))
  assert.deepEqual([asked.status, asked.blockedReason, asked.blockedNote], ['blocked', 'question', 'which port?'])
})

test('blocked has a reason, and nothing else has one', () => {
  for (const status of statuses)
    for (const type of Object.keys(moves[status]) as EventType[]) {
      const task = taskWith({ status, commit: 'c', blockedReason: status === 'blocked' ? 'conflict' : null })
      const data = {
        how: 'retry',
        reason: 'gate',
        note: '',
        counts: true,
        error: '',
        verdict: null,
        subjects: [],
        notBefore: 0,
      }
      const next = after(task, event(type, data))
      assert.equal(next.status === 'blocked', next.blockedReason !== null, `${status} ${type}`)
    }
})
