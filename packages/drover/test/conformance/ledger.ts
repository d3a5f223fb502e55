import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewEvent } from '../../src/domain/event.ts'
import type { Task } from '../../src/domain/task.ts'
import type { Claim, Ledger, Part, Speaker } from '../../src/ports/ledger.ts'
import type { Reading } from '../../src/ports/reading.ts'
import type { Records } from '../../src/ports/records.ts'
import { created, hand, person } from '../support/drafts.ts'

export interface LedgerWorld extends AsyncDisposable {
  ledger: Ledger
  reading: Reading
  records: Records
  /** A second connection to the same ledger, as another process has one. */
  another(): Promise<LedgerWorld>
}

const nothing = function* (): Part {}
const claim = (world: LedgerWorld, slot = 1, more: Partial<Claim> = {}): Promise<Task | undefined> =>
  world.ledger.claim(
    { machine: 'm', slot, epic: null, hands: [], defaultAgent: 'claude', now: Date.now(), ...more },
    nothing,
  )

const job = (task: string, attempt: number, step: string, holder = 'h1'): Speaker => ({
  kind: 'job',
  key: `${task}/${attempt}/${step}`,
  task,
  attempt,
  holder,
})
const started = (task: string, attempt: number): NewEvent => ({
  type: 'task.started',
  task,
  attempt,
  data: { machine: 'm', slot: 1 },
})
const verdict = { verdict: 'pass', summary: '', by: 'exit-code', detail: '', checks: [] } as const
const passed = (task: string, attempt: number): NewEvent => ({
  type: 'task.passed',
  task,
  attempt,
  data: { verdict: { ...verdict, checks: [] }, commit: null, base: null, subjects: [] },
})
const completed = (task: string, attempt: number): NewEvent => ({
  type: 'task.completed',
  task,
  attempt,
  data: { commit: null },
})

/** Brings a ready task to completed the way a job does. */
async function complete(world: LedgerWorld, id: string): Promise<void> {
  const task = (await claim(world))!
  assert.equal(task.id, id)
  await world.ledger.transact(() => world.records.hold(id, task.attempt, 'h1'))
  await world.ledger.append([started(id, task.attempt)], job(id, task.attempt, 'start'))
  await world.ledger.append([passed(id, task.attempt), completed(id, task.attempt)], job(id, task.attempt, 'end'))
  await world.ledger.transact(() => world.records.end(id, task.attempt, Date.now()))
}

const statusOf = async (world: LedgerWorld, id: string): Promise<string | undefined> =>
  (await world.reading.task(id))?.status

/** What every ledger promises. */
export function ledgerSuite(name: string, open: () => Promise<LedgerWorld>): void {
  const promise = (words: string, body: (world: LedgerWorld) => Promise<void>): void =>
    void test(`${name}: ${words}`, async () => {
      await using world = await open()
      await body(world)
    })

  promise('the same key twice is one entry, and the second answer is the first one', async (world) => {
    const by = person()
    const first = await world.ledger.append([created('a'), created('b')], by)
    const second = await world.ledger.append([created('a'), created('b')], by)
    assert.equal(first.outcome, 'appended')
    assert.equal(second.outcome, 'already')
    assert.deepEqual('events' in second && second.events.map((event) => event.task), ['a', 'b'])
    assert.equal((await world.reading.events(0, {}, 100)).length, 2)
  })

  promise('a run is over only while nobody works, nothing is due and nothing can be claimed', async (world) => {
    const now = Date.now()
    const ended = { completed: 0, failed: 0, blocked: 0, cancelled: 0, durationMs: 1 }
    let n = 0
    const end = (agents: string[] = []) =>
      world.ledger.endRun(
        { machine: 'm', slot: 1, epic: null, hands: agents.map((agent) => hand(agent)), defaultAgent: 'claude', now },
        ({ counts }) => [{ type: 'run.finished', data: { ...ended, completed: counts.completed } }],
        { kind: 'machine', name: 'm', request: `end ${++n}` },
      )
    await world.ledger.append([created('a')], person())
    assert.equal(await end(), 'not yet', 'a could be claimed')
    await claim(world)
    assert.equal(await end(), 'not yet', 'a is at work')
    await world.ledger.transact(() => world.records.hold('a', 1, 'h1'))
    await world.ledger.append([started('a', 1), passed('a', 1)], job('a', 1, 'passed'))
    assert.equal(await end(), 'not yet', 'a lands')
    await world.ledger.append([completed('a', 1)], job('a', 1, 'end'))
    await world.ledger.append([created('b', { run: null })], person())
    assert.equal(await end(['claude']), 'not yet', 'the agent of b is here')
    const said = await end()
    assert.ok(said !== 'not yet', 'nobody is here who could work on b')
    assert.deepEqual(
      said.map((event) => [event.type, event.type === 'run.finished' && event.data.completed, event.seq]),
      [['run.finished', 1, await world.reading.lastSeq()]],
    )
  })

  promise('an event and what it does are one transaction: a refused one leaves nothing', async (world) => {
    await world.ledger.append([created('a')], person())
    await assert.rejects(world.ledger.append([created('b'), created('a')], person()), { code: 'id-taken' })
    const said = await world.ledger.append(
      [created('c'), { type: 'task.resumed', task: 'a', data: { note: '', resets: false } }],
      person(),
    )
    assert.equal(said.outcome, 'impossible')
    assert.equal(await statusOf(world, 'b'), undefined)
    assert.equal(await statusOf(world, 'c'), undefined)
  })

  promise('ids are unique whatever their case, among tasks and epics', async (world) => {
    await world.ledger.append([created('Task-A')], person())
    await assert.rejects(world.ledger.append([created('task-a')], person()), { code: 'id-taken' })
    await assert.rejects(
      world.ledger.append(
        [
          {
            type: 'epic.created',
            epic: 'TASK-a',
            data: { title: 'x', description: '', priority: 5, labels: [], imported: false },
          },
        ],
        person(),
      ),
      { code: 'id-taken' },
    )
  })

  promise('205: unknown needs, self-needs and circles are refused, and nothing is written', async (world) => {
    await assert.rejects(world.ledger.append([created('a', {}, { needs: ['ghost'] })], person()))
    await assert.rejects(world.ledger.append([created('a', {}, { needs: ['a'] })], person()), { code: 'self-need' })
    await world.ledger.append(
      [created('a'), created('b', {}, { needs: ['a'] }), created('c', {}, { needs: ['b'] })],
      person(),
    )
    await assert.rejects(
      world.ledger.append(
        [{ type: 'task.edited', task: 'a', data: { words: {}, addNeeds: ['c'], removeNeeds: [] } }],
        person(),
      ),
      { code: 'circle' },
    )
    assert.equal(await statusOf(world, 'a'), 'ready')
    assert.equal((await world.reading.allNeeds()).length, 2)
  })

  promise(
    '24, 25: a task waits until all it needs is completed, and is ready in that very transaction',
    async (world) => {
      await world.ledger.append([created('c', {}, { needs: ['a', 'b'] }), created('a'), created('b')], person())
      assert.equal(await statusOf(world, 'c'), 'blocked')
      await complete(world, 'a')
      assert.equal(await statusOf(world, 'c'), 'blocked')
      await complete(world, 'b')
      assert.equal(await statusOf(world, 'c'), 'ready')
      const story = (await world.reading.events(0, { task: 'c' }, 100)).map((event) => event.type)
      assert.deepEqual(story, ['task.created', 'task.unblocked'])
    },
  )

  promise('a need that is completed already does not block; reopening it does', async (world) => {
    await world.ledger.append([created('a')], person())
    await complete(world, 'a')
    await world.ledger.append([created('b', {}, { needs: ['a'] })], person())
    assert.equal(await statusOf(world, 'b'), 'ready')
    await world.ledger.append([{ type: 'task.reopened', task: 'a', data: { fresh: true, note: '' } }], person())
    assert.equal(await statusOf(world, 'b'), 'blocked')
    await world.ledger.append(
      [{ type: 'task.edited', task: 'b', data: { words: {}, addNeeds: [], removeNeeds: ['a'] } }],
      person(),
    )
    assert.equal(await statusOf(world, 'b'), 'ready')
  })

  promise('23, 234: the most urgent is claimed first, and of those the oldest', async (world) => {
    await world.ledger.append(
      [created('a'), created('b', { priority: 9 }), created('c'), created('d', { priority: 9 })],
      person(),
    )
    const order: (string | undefined)[] = []
    for (let slot = 1; slot <= 5; slot++) order.push((await claim(world, slot))?.id)
    assert.deepEqual(order, ['b', 'd', 'a', 'c', undefined])
  })

  promise('26: four claimers over ten tasks: each claimed once, none lost', async (world) => {
    await world.ledger.append(
      Array.from({ length: 10 }, (_, i) => created(`t${i}`)),
      person(),
    )
    const claimers = [world, await world.another(), await world.another(), await world.another()]
    const claims = await Promise.all(
      claimers.map(async (one) => {
        const mine: string[] = []
        for (let task = await claim(one); task; task = await claim(one)) mine.push(task.id)
        return mine
      }),
    )
    await Promise.all(claimers.slice(1).map((one) => one[Symbol.asyncDispose]()))
    assert.deepEqual(
      claims.flat().toSorted(),
      Array.from({ length: 10 }, (_, i) => `t${i}`),
    )
  })

  promise('27: an attempt has a number of its own, counted or not', async (world) => {
    await world.ledger.append([created('a')], person())
    for (const attempt of [1, 2, 3]) {
      const task = (await claim(world))!
      assert.equal(task.attempt, attempt)
      await world.ledger.transact(() => world.records.hold('a', attempt, 'h1'))
      const data = {
        reason: 'interrupted',
        counts: false,
        notBefore: 0,
        error: '',
        verdict: null,
        fresh: false,
      } as const
      await world.ledger.append([{ type: 'task.retried', task: 'a', attempt, data }], job('a', attempt, 'end'))
      await world.ledger.transact(() => world.records.end('a', attempt, 1))
    }
    assert.equal((await world.reading.task('a'))?.attempts, 0)
    assert.equal((await world.reading.attempts('a')).length, 3)
  })

  promise('two agents never meet: a task is not claimed while its last attempt is still stopping', async (world) => {
    await world.ledger.append([created('a')], person())
    await claim(world)
    await world.ledger.append([{ type: 'task.paused', task: 'a', attempt: 1, data: { reason: '' } }], person())
    await world.ledger.append([{ type: 'task.resumed', task: 'a', data: { note: '', resets: false } }], person())
    assert.equal(await claim(world), undefined)
    await world.ledger.transact(() => world.records.end('a', 1, 1))
    assert.equal((await claim(world))?.attempt, 2)
  })

  promise('199: whoever is not the holder of the last attempt is stale, and changes nothing', async (world) => {
    await world.ledger.append([created('a')], person())
    await claim(world)
    await world.ledger.transact(() => world.records.hold('a', 1, 'h2'))
    assert.equal((await world.ledger.append([started('a', 1)], job('a', 1, 'start', 'h1'))).outcome, 'stale')
    assert.equal((await world.ledger.append([started('a', 1)], job('a', 1, 'start', 'h2'))).outcome, 'appended')
    const report = {
      verdict: 'pass',
      summary: '',
      detail: '',
      tokensIn: 0,
      tokensOut: null,
      durationS: null,
      testsPassed: null,
      testsFailed: null,
      filesChanged: null,
    } as const
    const late = await world.ledger.append([{ type: 'task.reported', task: 'a', attempt: 7, data: { report } }], {
      kind: 'agent',
      task: 'a',
      attempt: 7,
      request: 'r',
    })
    assert.equal(late.outcome, 'stale')
  })

  promise('202: from the intent to land until its end nobody takes the task out of the lane', async (world) => {
    await world.ledger.append([created('a')], person())
    await claim(world)
    await world.ledger.transact(() => world.records.hold('a', 1, 'h1'))
    await world.ledger.append([started('a', 1)], job('a', 1, 'start'))
    await world.ledger.append([passed('a', 1)], job('a', 1, 'end'))
    const intended: NewEvent = {
      type: 'landing.intended',
      task: 'a',
      attempt: 1,
      data: { commit: 'c', from: 't', branch: 'main', checkouts: [], n: 1 },
    }
    const cancelled: NewEvent = { type: 'task.cancelled', task: 'a', attempt: 1, data: { reason: '' } }
    await world.ledger.append([intended], job('a', 1, 'land/intend'))
    assert.equal((await world.ledger.append([cancelled], person())).outcome, 'landing')
    await world.ledger.append(
      [{ type: 'landing.refused', task: 'a', attempt: 1, data: { reason: 'moved', detail: '', n: 1 } }],
      job('a', 1, 'land/moved'),
    )
    assert.equal((await world.ledger.append([cancelled], person())).outcome, 'appended')
    assert.equal(
      (await world.ledger.append([{ ...intended, data: { ...intended.data, n: 2 } }], job('a', 1, 'land/intend 2')))
        .outcome,
      'impossible',
    )
  })

  promise('a part beside an event is written with it, or not at all', async (world) => {
    const beside = () => world.records.hold('a', 1, 'beside')
    await world.ledger.append([created('a')], person())
    await claim(world)
    await world.ledger.append(
      [{ type: 'task.resumed', task: 'a', data: { note: '', resets: false } }],
      person(),
      beside,
    )
    assert.equal((await world.reading.attempt('a', 1))?.holder, null)
    await world.ledger.append([{ type: 'task.paused', task: 'a', attempt: 1, data: { reason: '' } }], person(), beside)
    assert.equal((await world.reading.attempt('a', 1))?.holder, 'beside')
  })

  promise('what another process wrote rings the bell', async (world) => {
    const other = await world.another()
    const bell = world.ledger.bell()
    await bell(0, AbortSignal.timeout(1))
    const rung = bell(30_000, AbortSignal.timeout(30_000))
    await other.ledger.append([created('a')], person())
    const begun = performance.now()
    await rung
    assert.ok(performance.now() - begun < 1000)
    await other[Symbol.asyncDispose]()
  })

  promise('a text may hold anything: quotes, NUL, emoji, 250 KB', async (world) => {
    const description = `'";--\u0000 🐂 ${'x'.repeat(250_000)}`
    await world.ledger.append([created('a', { description, labels: ["it's", '"quoted"'] })], person())
    const task = await world.reading.task('a')
    assert.equal(task?.description, description.replace('\u0000', '\ufffd'))
    assert.deepEqual(task?.labels, ["it's", '"quoted"'])
  })
}
