import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { CostGroup, CostRow } from '../../src/domain/rows.ts'
import { noUsage, type Usage } from '../../src/domain/task.ts'
import { handBackWords, overBudget, runIsSpent } from '../../src/flow/budget.ts'
import { resolve } from '../../src/flow/operations/resolve.ts'
import { defaultSettings } from '../../src/domain/settings.ts'
import { created, person } from '../support/drafts.ts'
import { makeWorld, refused, type World } from '../flow/operations/world.ts'

const usage = (costUsd: number, tokens = 10): Usage => ({ ...noUsage, inputTokens: tokens, outputTokens: 1, costUsd })

/** What an agent tells of its cost. */
const spends = (world: World, id: string, cost: Usage) =>
  world.happens(id, { type: 'agent.usage', data: { usage: cost, session: null, total: {} } })

const begins = async (world: World, budgetUsd?: number): Promise<void> => {
  const data = { workers: 1, epic: null, kind: 'run' as const, ...(budgetUsd === undefined ? {} : { budgetUsd }) }
  const request = `run-${await world.reading.lastSeq()}`
  await world.ledger.append([{ type: 'run.started', data }], { kind: 'machine', name: 'm', request })
}

const money = async (world: World, by: CostGroup): Promise<Record<string, number>> =>
  Object.fromEntries((await world.reading.costs(by)).map(({ key, usage: { costUsd } }) => [key ?? '', costUsd]))

async function rowOf(world: World, by: CostGroup, key: string): Promise<CostRow> {
  const row = (await world.reading.costs(by)).find((one) => one.key === key)
  assert.ok(row, `nothing was spent on ${key}`)
  return row
}

/** Two runs: `a` fails once and lands then, `b` is cancelled, `c` has a part of its own. */
async function twoRuns(t: TestContext): Promise<World> {
  const world = await makeWorld(t)
  for (const id of ['a', 'b', 'c']) await world.ledger.append([created(id, { run: null })], person())
  await world.ledger.append([created('c.1', {}, { kind: 'subtask', parentId: 'c', sequence: 1 })], person())
  await begins(world)
  await world.work('a')
  await spends(world, 'a', usage(1))
  await spends(world, 'a', usage(0.5))
  const again = { reason: 'failed', counts: true, notBefore: 0, error: 'red', verdict: null, fresh: false } as const
  await world.happens('a', { type: 'task.retried', data: again })
  await begins(world)
  await world.completes('a')
  await world.work('b')
  await spends(world, 'b', usage(4))
  await world.happens('b', { type: 'task.cancelled', data: { reason: 'no longer wanted' } })
  const { attempt } = await world.work('c')
  await world.ledger.append([{ type: 'task.started', task: 'c.1', attempt, data: { machine: 'm', slot: 1 } }], {
    kind: 'machine',
    name: 'm',
    request: 'part',
  })
  await spends(world, 'c.1', usage(0.25))
  await spends(world, 'c', usage(2))
  return world
}

test('what was spent is told by task, attempt, agent and run, and every way gives the same sum', async (t) => {
  const world = await twoRuns(t)
  assert.deepEqual(await money(world, 'task'), { b: 4, c: 2.25, a: 1.5 })
  assert.deepEqual(await money(world, 'attempt'), { 'b/1': 4, 'c/1': 2.25, 'a/1': 1.5, 'a/2': 0 })
  assert.deepEqual(await money(world, 'agent'), { claude: 7.75 })
  assert.deepEqual(
    (await world.reading.costs('run')).map((run) => run.usage.costUsd),
    [6.25, 1.5],
  )
  assert.deepEqual(await money(world, 'epic'), { '': 7.75 })
  const sums = await Promise.all(
    (['task', 'attempt', 'agent', 'account', 'epic', 'run'] as const).map(async (by) =>
      Object.values(await money(world, by)).reduce((sum, each) => sum + each, 0),
    ),
  )
  assert.deepEqual(sums, [7.75, 7.75, 7.75, 7.75, 7.75, 7.75])
})

test('an attempt that led to no landing is wasted, and counted all the same', async (t) => {
  const world = await twoRuns(t)
  const wasted = async (id: string) => {
    const row = await rowOf(world, 'task', id)
    return [row.attempts, row.wastedAttempts, row.wasted.costUsd]
  }
  assert.deepEqual(await wasted('a'), [2, 1, 1.5])
  assert.deepEqual(await wasted('b'), [1, 1, 4], 'what was cancelled')
  assert.deepEqual(await wasted('c'), [1, 0, 0], 'what is still at work')
  const runs = await world.reading.costs('run')
  assert.deepEqual(
    runs.map((run) => run.wasted.costUsd),
    [4, 1.5],
  )
})

test('an attempt whose session the landed one went on in is not wasted', async (t) => {
  const world = await makeWorld(t)
  await world.ledger.append([created('a', { run: null })], person())
  const session = (name: string) =>
    world.happens('a', {
      type: 'agent.session',
      data: { session: name, agent: 'claude', account: null, model: null, version: null },
    })
  const interrupted = { counts: false, notBefore: 0, error: '', verdict: null, fresh: false } as const
  for (const name of ['one', 'two']) {
    await world.work('a')
    await session(name)
    await spends(world, 'a', usage(1))
    await world.happens('a', { type: 'task.retried', data: { ...interrupted, reason: 'interrupted' } })
  }
  await world.work('a')
  await session('two')
  await world.passes('a')
  await world.happens('a', { type: 'task.completed', data: { commit: 'c0ffee' } })
  const row = await rowOf(world, 'task', 'a')
  assert.deepEqual([row.attempts, row.wastedAttempts, row.wasted.costUsd], [3, 1, 1])
})

test('an agent that tells of tokens and of no money leaves the price unknown', async (t) => {
  const world = await makeWorld(t)
  await world.ledger.append([created('a', { run: null }), created('b', { run: null })], person())
  await world.work('a')
  await spends(world, 'a', usage(0))
  await world.work('b')
  await spends(world, 'b', usage(3))
  assert.deepEqual(
    (await world.reading.costs('task')).map(({ key, unpriced }) => [key, unpriced]),
    [
      ['b', 0],
      ['a', 1],
    ],
  )
})

test('a task’s whole usage is its own and that of everything that was made for it', async (t) => {
  const world = await twoRuns(t)
  await world.ledger.append([created('d', { run: null }, { kind: 'spawned', parentId: 'c' })], person())
  await world.work('d')
  await spends(world, 'd', usage(8))
  assert.equal((await world.reading.usageTotal('c')).costUsd, 10.25)
  assert.equal((await world.task('c')).usage.costUsd, 2)
  assert.equal((await world.reading.usageTotal('a')).costUsd, 1.5)
})

const crewOf = ({ reading }: World, budget: { run?: number; task?: number }) => ({
  reading,
  settings: { ...defaultSettings(), 'budget.run_usd': budget.run ?? 0, 'budget.task_usd': budget.task ?? 0 },
})

test('a task may cost its budget over all its attempts, its parts included, and as much again when a person says so', async (t) => {
  const world = await twoRuns(t)
  const work = { owner: 'c' }
  assert.equal(await overBudget(crewOf(world, { task: 2.5 }), work), undefined)
  assert.equal(await overBudget(crewOf(world, {}), work), undefined)
  const words = await overBudget(crewOf(world, { task: 2.25 }), work)
  assert.equal(words, 'it has cost 2.25 USD of 2.25 USD (budget.task_usd)')
  assert.match(handBackWords(words), /2\.25 USD.*\nBegin nothing new\. Commit what you have/)
  const data = { reason: 'budget', note: words, counts: false, verdict: null } as const
  const blocked = await world.happens('c', { type: 'task.blocked', data })
  await resolve(world, { task: blocked, note: 'be quick' }, person())
  const { status, budgets, attempts } = await world.task('c')
  assert.deepEqual([status, budgets, attempts], ['ready', 1, 0])
  assert.deepEqual(
    (await world.reading.pendingHints('c')).map(({ text }) => text),
    ['be quick'],
  )
  assert.equal(await overBudget(crewOf(world, { task: 2.25 }), work), undefined)
  await world.work('c')
  await spends(world, 'c', usage(2.25))
  assert.match((await overBudget(crewOf(world, { task: 2.25 }), work)) ?? '', /4\.50 USD of 4\.50 USD/)
  await refused('impossible-move', 5, resolve(world, { task: await world.task('a'), note: '' }, person()))
})

test('a run may cost its budget, counted from where it began', async (t) => {
  const world = await twoRuns(t)
  await begins(world, 6.5)
  const crew = crewOf(world, { run: 6.5 })
  await spends(world, 'c', usage(6.25))
  assert.equal(await runIsSpent(crew), undefined)
  await spends(world, 'c', usage(0.25))
  assert.equal(await runIsSpent(crew), 'the run has cost 6.50 USD of 6.50 USD (budget.run_usd)')
  assert.equal(await overBudget(crew, { owner: 'a' }), 'the run has cost 6.50 USD of 6.50 USD (budget.run_usd)')
  await begins(world, 6.5)
  assert.equal(await runIsSpent(crew), undefined, 'the next run has as much again')
  assert.deepEqual((await world.reading.lastRun())?.budgetUsd, 6.5)
})
