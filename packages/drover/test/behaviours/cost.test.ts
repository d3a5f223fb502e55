import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { noUsage, type Usage } from '../../src/domain/task.ts'
import { makeWorld, type World } from '../support/world.ts'

let said = 0

/** What the supervisor of an agent writes when the agent tells of its cost. */
async function spends(world: World, id: string, used: Partial<Usage>): Promise<void> {
  const { ledger } = await world.ledger()
  const { attempt } = await world.task(id)
  const data = { usage: { ...noUsage, ...used }, session: null, total: {} }
  const speaker = { kind: 'machine', name: 'the test', request: `usage-${++said}` } as const
  assert.equal((await ledger.append([{ type: 'agent.usage', task: id, attempt, data }], speaker)).outcome, 'appended')
}

/** An agent that stays until the test has said what it costs. */
const waiting = (id: string): string =>
  `echo 1 > ${id}.txt; echo at >> "$MARKS/${id}"; while [ ! -e "$MARKS/go-${id}" ]; do sleep 0.02; done`
const letGo = (world: World, id: string): void => writeFileSync(join(world.marks, `go-${id}`), '')
const settings = `agent = "mine"\n[agents.mine]\ncommand = ". ./agent.sh"\n`
const files = { 'agent.sh': waiting('$DROVER_TASK_ID') }

test('what a run cost is told when it ends, in status, show and cost, with what led to nothing', async (t) => {
  const world = await makeWorld(t, { settings: `max_attempts = 1\n${settings}`, files })
  await world.ok('add', 'Paint the door green', '--id', 'door')
  await world.ok('add', 'Paint the wall blue', '--id', 'wall', '--check', 'echo the wall is red; false')
  const run = world.start('run')
  await world.untilMarked('door')
  await world.untilMarked('wall')
  await spends(world, 'door', { inputTokens: 1200, cachedInputTokens: 1000, outputTokens: 34, costUsd: 0.5 })
  await spends(world, 'door', { inputTokens: 100, outputTokens: 6, costUsd: 0.25 })
  await spends(world, 'wall', { inputTokens: 50, outputTokens: 5, costUsd: 1.5 })
  letGo(world, 'door')
  letGo(world, 'wall')
  const { code, stdout } = await run.ended
  assert.equal(code, 8, stdout)
  assert.match(stdout, /1 completed, 1 failed, .* of 2; 1,395 tokens, 2\.25 USD/)
  assert.match(await world.ok('status'), /The last run spent 1,395 tokens, 2\.25 USD/)
  const page = await world.ok('show', 'wall')
  assert.match(page, /cost +55 tokens, 1\.50 USD/)
  assert.match(page, /Attempts\n +1 +failed .*, 55 tokens, 1\.50 USD: it said pass/)
  const lines = (await world.ok('cost')).split('\n')
  assert.match(lines[0]!, /^wall +1 +50 +0 +5 +1\.50 USD +1 \(1\.50 USD\) +Paint the wall blue$/)
  assert.match(lines[1]!, /^door +1 +1,300 +1,000 +40 +0\.75 USD +- +Paint the door green$/)
  assert.match(lines[2]!, /^total +2 +1,350 +1,000 +45 +2\.25 USD +1 \(1\.50 USD\)$/)
  const { by, rows, total } = await world.json('cost', '--by', 'run')
  assert.deepEqual([by, rows.length, total.usage.costUsd, total.wasted.usage.costUsd], ['run', 1, 2.25, 1.5])
  assert.equal((await world.json('show', 'door')).task.usageTotal.costUsd, 0.75)
  assert.match(await world.refused(2, 'cost', '--by', 'weather'), /task, epic, agent, account, run, attempt/)
})

test('money that no agent told of is unknown, never 0', async (t) => {
  const world = await makeWorld(t, { settings, files })
  await world.ok('add', 'Paint the door green', '--id', 'door')
  const run = world.start('run')
  await world.untilMarked('door')
  await spends(world, 'door', { inputTokens: 10, outputTokens: 2 })
  letGo(world, 'door')
  const { stdout } = await run.ended
  assert.match(stdout, /of 1; 12 tokens, cost unknown/)
  assert.match(await world.ok('cost', '--by', 'agent'), /^mine +1 +10 +0 +2 +unknown +-\n/)
  const { rows } = await world.json('cost')
  assert.deepEqual([rows[0].usage.costUsd, rows[0].unpricedAttempts], [null, 1])
  const { task } = await world.json('show', 'door')
  assert.deepEqual([task.usage.inputTokens, task.usage.costUsd], [10, null])
})

test('a run that has cost what it may begins nothing more, says so, and leaves the rest for the next one', async (t) => {
  const world = await makeWorld(t, { settings, files })
  for (const id of ['door', 'wall']) await world.ok('add', `Paint the ${id} green`, '--id', id)
  const run = world.start('run', '--workers', '1', '--budget', '$2')
  await world.untilMarked('door')
  await spends(world, 'door', { inputTokens: 10, outputTokens: 2, costUsd: 2.5 })
  assert.match(
    await world.ok('status'),
    /Nothing new begins: the run has cost 2\.50 USD of 2\.00 USD.*\nSpent 12 tokens, 2\.50 USD of 2\.00 USD/,
  )
  assert.match(await world.ok('why', 'wall'), /wall is ready, but the run has cost 2\.50 USD of 2\.00 USD/)
  letGo(world, 'door')
  const { code, stdout, stderr } = await run.ended
  assert.equal(code, 8, stdout + stderr)
  assert.match(stdout, /12 tokens, 2\.50 USD of 2\.00 USD/)
  assert.match(stderr, /1 task is still ready: the run has cost what it may\.\n.* drover run/)
  assert.deepEqual([await world.status('door'), await world.status('wall')], ['completed', 'ready'])
  assert.deepEqual((await world.json('status')).spent.limitUsd, 2)
  letGo(world, 'wall')
  await world.run(0, '--budget', '20usd')
  assert.equal(await world.status('wall'), 'completed')
  assert.match(await world.refused(2, 'run', '--budget', 'a lot'), /dollars, like 20/)
})

test('a task that has used up its budget waits for a person, who allows as much again', async (t) => {
  const world = await makeWorld(t, { settings, files })
  await world.ok('add', 'Paint the door green', '--id', 'door')
  const daemon = await world.daemon()
  await world.untilMarked('door')
  const { ledger } = await world.ledger()
  await world.ok('pause', 'door')
  await world.ok('resume', 'door')
  await world.untilMarked('door', 2)
  const { attempt } = await world.task('door')
  const data = {
    reason: 'budget',
    note: 'it has cost 2.00 USD of 2.00 USD (budget.task_usd)',
    counts: false,
    verdict: null,
  } as const
  const speaker = { kind: 'machine', name: 'the test', request: 'over' } as const
  await ledger.append([{ type: 'task.blocked', task: 'door', attempt, data }], speaker)
  assert.match(await world.ok('why', 'door'), /has used up its budget: it has cost 2\.00 USD.*\n.* drover resolve door/)
  letGo(world, 'door')
  assert.match(await world.ok('resolve', 'door'), /door may cost as much again/)
  await world.untilStatus('door', 'completed')
  assert.equal((await world.task('door')).budgets, 1)
  daemon.send('SIGTERM')
  await daemon.ended
})

test('claim and evidence are shown apart, and a claim that a check contradicts names both', async (t) => {
  const report =
    'drover parcel done --verdict PASS --summary "the wall is green" --tests-passed 3 --tests-failed 0 --files-changed 2'
  const world = await makeWorld(t, { settings: 'max_attempts = 1\n' })
  // The check sees what was committed and what was left: both are the attempt's commit.
  const check = 'cat committed.txt left.txt; git show "drover/wall:left.txt"; echo wall is red; exit 3'
  const work = `echo 1 > committed.txt; git add -A; git commit -qm "a commit"; echo 2 > left.txt; ${report}`
  await world.add('wall', work, '--check', check, '--check', 'true')
  await world.run(8)
  const words = `it said pass ("the wall is green"), with 3 tests passed, 0 failed, but the check \`${check}\` ended with 3`
  const { task } = await world.json('show', 'wall')
  assert.equal(task.lastError, words)
  assert.deepEqual([task.report.verdict, task.report.testsFailed, task.report.filesChanged], ['pass', 0, 2])
  const { verdict, claim, checks, changed } = task.verdict
  assert.deepEqual([verdict, claim], ['fail', { verdict: 'pass', summary: 'the wall is green' }])
  assert.deepEqual(
    checks.map((one: { passed: boolean; exitCode: number; tail: string }) => [one.passed, one.exitCode, one.tail]),
    [
      [false, 3, '1\n2\n2\nwall is red\n'],
      [true, 0, ''],
    ],
  )
  assert.deepEqual(changed, { count: 2, files: ['committed.txt', 'left.txt'] })
  const page = await world.ok('show', 'wall')
  assert.match(
    page,
    /claim +pass: the wall is green \(3 tests passed, 0 failed, 2 files changed\)\n +verdict +fail by reported: it said pass/,
  )
  assert.match(
    page,
    /Evidence\n.*ended with 3 in .*\n {6}1\n {6}2\n {6}2\n {6}wall is red\n {2}\$ true: passed in .*\n {2}2 files changed: committed\.txt, left\.txt/,
  )
})
