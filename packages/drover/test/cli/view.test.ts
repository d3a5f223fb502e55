import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { graphLines } from '../../src/cli/graph.ts'
import { openScreen } from '../../src/cli/screen.ts'
import type { Moment } from '../../src/cli/standing.ts'
import { treeLines } from '../../src/cli/tree.ts'
import { oneLine, view } from '../../src/cli/view.ts'
import { widthOf } from '../../src/cli/width.ts'
import { plainWords } from '../../src/domain/draft.ts'
import type { NewTask } from '../../src/domain/event.ts'
import { born } from '../../src/domain/evolve.ts'
import { standingOf } from '../../src/domain/summary.ts'
import { noUsage, type Task } from '../../src/domain/task.ts'
import type { Attempt } from '../../src/domain/rows.ts'

const look = { width: 72, paint: (_: unknown, text: string) => text, ascii: false }
const now = 1_000_000

function task(id: string, more: Partial<Task> = {}): Task {
  const { parentId = null, sequence = null, kind = 'task' } = more
  const words = { ...plainWords, title: `Title of ${id}` }
  const data: NewTask = {
    words,
    kind,
    parentId,
    sequence,
    needs: [],
    status: 'ready',
    imported: false,
    email: null,
    createdAt: 0,
  }
  const event = {
    type: 'task.created',
    task: id,
    data,
    seq: 1,
    key: id,
    at: 0,
    machine: null,
    slot: null,
    actor: 'person:Ada',
  } as const
  return { ...born(event, 0), ...more }
}

const attempt = (of: string, slot: number): Attempt => ({
  task: of,
  attempt: 1,
  machine: 'host',
  slot,
  agent: 'claude',
  account: null,
  model: null,
  session: null,
  usage: noUsage,
  holder: null,
  commit: null,
  outcome: null,
  error: null,
  claimedAt: now - 65_000,
  startedAt: now - 60_000,
  finishedAt: null,
  endedAt: null,
  fresh: false,
})

const standing = standingOf([
  { status: 'completed', blockedReason: null, n: 28 },
  { status: 'in_progress', blockedReason: null, n: 3 },
  { status: 'landing', blockedReason: null, n: 1 },
  { status: 'ready', blockedReason: null, n: 8 },
  { status: 'blocked', blockedReason: 'needs', n: 4 },
  { status: 'blocked', blockedReason: 'question', n: 1 },
  { status: 'paused', blockedReason: null, n: 1 },
])

const moment: Moment = {
  now,
  standing,
  etaSeconds: 2700,
  workers: [
    {
      attempt: attempt('task-a1b2', 1),
      task: task('task-a1b2', {
        status: 'in_progress',
        attempt: 1,
        title: 'Wire 日本語 into the \u001B[31mparser and a lot of other places too',
      }),
    },
    { attempt: attempt('task-c3', 12), task: task('task-c3', { status: 'paused', attempt: 1 }) },
  ],
  accounts: [],
  machines: [],
  landing: [task('task-l1', { status: 'landing' })],
  waiting: [
    task('task-q1', { status: 'blocked', blockedReason: 'question', blockedNote: 'Which database?' }),
    task('task-f1', { status: 'failed', lastError: 'exit code 1' }),
  ],
}

describe('the live view', () => {
  test('shows how far it is, who works, what lands, and what waits for a person', () => {
    const lines = view({ moment, story: ['12:00:00 task-a1b2 attempt 1 begins'], footer: 'Ctrl-C stops' }, look)
    assert.deepEqual(lines, [
      '🐂 █████████████░░░░░░░░░ 28 of 46 done (60 %), about 45 minutes left',
      '🟢 4 running | 📋 12 queued | ✅ 28 done | 🔴 2 blocked',
      '',
      'Working',
      '  host/1   task-a1b2  1m 5s  in progress  Wire 日本語 into the \\e[31mpa…',
      '  host/12  task-c3    1m 5s  paused       Title of task-c3',
      '',
      'Landing',
      '  task-l1  Title of task-l1',
      '',
      'Waiting for you',
      '  task-q1  blocked (question): Which database?  ->  drover answer task-…',
      '  task-f1  failed: exit code 1  ->  drover retry task-f1',
      '',
      'Last',
      '  12:00:00 task-a1b2 attempt 1 begins',
      '',
      'Ctrl-C stops',
    ])
  })
  test('is never wider than the terminal', () => {
    for (const width of [40, 60, 80, 200])
      for (const line of view({ moment, story: ['x'.repeat(300)], footer: 'y'.repeat(300) }, { ...look, width }))
        assert.ok(widthOf(line) <= Math.max(width, 60), `${width}: ${line}`)
  })
  test('guesses no end from too little', () => {
    assert.doesNotMatch(view({ moment: { ...moment, etaSeconds: null }, story: [], footer: '' }, look)[0]!, /left/)
  })
})

test('the one line is the seeds’; without emoji it is ASCII; failures show only where there are some', () => {
  assert.equal(oneLine(standing, false), '🟢 4 running | 📋 12 queued | ✅ 28 done | 🔴 2 blocked')
  assert.equal(oneLine(standing, true), 'run:4 queue:12 done:28 blocked:2')
  const failed = standingOf([{ status: 'failed', blockedReason: null, n: 2 }])
  assert.equal(oneLine(failed, false), '🟢 0 running | 📋 0 queued | ✅ 0 done | 🔴 0 blocked | ❌ 2 failed')
})

test('the tree is the seeds’, sub-tasks in their order beneath their parent', () => {
  const part = (id: string, sequence: number, parentId = 'task-1') => task(id, { kind: 'subtask', parentId, sequence })
  const lines = treeLines(
    [
      task('task-1'),
      part('task-1.10', 10),
      part('task-1.2', 2),
      part('task-1.2.1', 1, 'task-1.2'),
      task('task-2', { status: 'completed' }),
    ],
    { width: 80, ascii: false },
  )
  assert.deepEqual(lines, [
    '🐂 Drover Task Tree',
    '━━━━━━━━━━━━━━━━━━━━',
    '⏳ task-1: Title of task-1',
    '    └── ⏳ task-1.2: Title of task-1.2',
    '        └── ⏳ task-1.2.1: Title of task-1.2.1',
    '    └── ⏳ task-1.10: Title of task-1.10',
    '✅ task-2: Title of task-2',
  ])
})

test('the graph stands in layers, also of a chain that is very long', () => {
  const needs = [
    { task: 'b', needs: 'a' },
    { task: 'c', needs: 'b' },
    { task: 'c', needs: 'a' },
  ]
  assert.deepEqual(
    graphLines(
      ['a', 'b', 'c'].map((id) => task(id)),
      needs,
      { width: 80, ascii: false },
    ),
    [
      'needs nothing',
      '  ⏳ a: Title of a',
      '',
      'after layer 1',
      '  ⏳ b: Title of b',
      '     ← a',
      '',
      'after layer 2',
      '  ⏳ c: Title of c',
      '     ← b, a',
    ],
  )
  const long = Array.from({ length: 20_000 }, (_, i) => task(`t${i}`))
  const chain = long.slice(1).map(({ id }, i) => ({ task: id, needs: `t${i}` }))
  assert.equal(graphLines(long.toReversed(), chain, { width: 80, ascii: true }).at(-1), '     <- t19998')
})

test('the screen draws over what it drew, keeps printed lines, and gives the cursor back', () => {
  let written = ''
  const screen = openScreen({ isTTY: true, rows: 4, write: (text) => (written += text) })
  screen.draw(['one', 'two'])
  screen.draw(['one', 'two'])
  screen.draw(['1', '2', '3', '4', '5'])
  screen.close()
  assert.equal(written.split('one').length, 2, 'the same is not drawn twice')
  assert.ok(written.includes('\u001B[1A'))
  assert.doesNotMatch(written, /4/, 'more than fits is left out')
  assert.ok(written.startsWith('\u001B[?25l') && written.endsWith('\u001B[?25h'))
})
