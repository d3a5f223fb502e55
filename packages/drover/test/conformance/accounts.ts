import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewEvent } from '../../src/domain/event.ts'
import type { Hand } from '../../src/domain/hand.ts'
import type { TaskWords } from '../../src/domain/task.ts'
import type { Part } from '../../src/ports/ledger.ts'
import { created, hand, person } from '../support/drafts.ts'
import type { LedgerWorld } from './ledger.ts'

const nothing = function* (): Part {}
const hour = 3_600_000

/** A task for an agent, not for a command. */
const task = (id: string, words: Partial<TaskWords> = {}): NewEvent => created(id, { run: null, ...words })
const two = hand('claude', { accounts: ['claude/a', 'claude/b'] })

/** Who was claimed by whom: `t1 claude/a`. */
async function claims(world: LedgerWorld, hands: readonly Hand[], count: number, now = Date.now()): Promise<string[]> {
  const found: string[] = []
  for (let slot = 1; slot <= count; slot++) {
    const wanted = { machine: 'm', slot, epic: null, hands, defaultAgent: 'claude', now }
    const claimed = await world.ledger.claim(wanted, nothing)
    if (!claimed) return found
    const row = await world.reading.attempt(claimed.id, claimed.attempt)
    const model = row!.model === null ? '' : ` as ${row!.model || 'it likes'}`
    found.push(`${claimed.id} ${row!.agent === 'command' ? 'command' : row!.account}${model}`)
  }
  return found
}

const parked = (until: number | null, account = 'claude', why: 'limit' | 'auth' = 'limit'): NewEvent => ({
  type: 'account.parked',
  data: { account, agent: account.split('/')[0]!, until, why, text: 'You have reached your limit' },
})
const released = (room: number | null, account = 'claude'): NewEvent => ({
  type: 'account.released',
  data: { account, how: 'works', room },
})
const over = (world: LedgerWorld, id: string, attempt = 1): Promise<void> =>
  world.ledger.transact(() => world.records.end(id, attempt, Date.now()))

/** Back to be tried again, with the session it had. */
async function backWithSession(
  world: LedgerWorld,
  id: string,
  about: { account: string; output: number },
): Promise<void> {
  const at = { task: id, attempt: 1 }
  const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: about.output, costUsd: 0 }
  const session = { session: `of ${id}`, agent: 'claude', account: about.account, model: null, version: null }
  const again = { reason: 'limit', counts: false, notBefore: 0, error: '', verdict: null, fresh: false } as const
  await world.ledger.append(
    [
      { type: 'agent.session', ...at, data: session },
      { type: 'agent.usage', ...at, data: { usage, session: null, total: {} } },
      { type: 'task.retried', ...at, data: again },
    ],
    person(),
  )
  await over(world, id)
}

/** What every ledger promises of accounts. */
export function accountsSuite(name: string, open: () => Promise<LedgerWorld>): void {
  const promise = (words: string, body: (world: LedgerWorld) => Promise<void>): void =>
    void test(`${name}: ${words}`, async () => {
      await using world = await open()
      await body(world)
    })

  promise('accounts take turns: the least busy, then the one that was not used for longest', async (world) => {
    const ids = ['t1', 't2', 't3', 't4', 't5']
    await world.ledger.append([...ids.map((id) => task(id)), created('t0', { priority: 9 })], person())
    assert.deepEqual(await claims(world, [two], 4), ['t0 command', 't1 claude/a', 't2 claude/b', 't3 claude/a'])
    await over(world, 't2')
    assert.deepEqual(await claims(world, [two], 1), ['t4 claude/b'])
    for (const id of ['t1', 't3', 't4']) await over(world, id)
    assert.deepEqual(await claims(world, [two], 1), ['t5 claude/a'])
    const [claimed] = await world.reading.events(0, { types: ['task.claimed'], task: 't5' }, 1)
    assert.ok(claimed?.type === 'task.claimed')
    assert.deepEqual([claimed.data.agent, claimed.data.account], ['claude', 'claude/a'])
  })

  promise('a session goes on with the account it lives with, unless that rests', async (world) => {
    await world.ledger.append([task('a'), task('b')], person())
    await claims(world, [two], 2)
    await backWithSession(world, 'a', { account: 'claude/a', output: 5 })
    await backWithSession(world, 'b', { account: 'claude/a', output: 5 })
    assert.deepEqual(await claims(world, [two], 1), ['a claude/a'])
    await world.ledger.append([parked(Date.now() + hour, 'claude/a')], person())
    assert.deepEqual(await claims(world, [two], 1), ['b claude/b'])
  })

  promise('the account that account_command names goes before others, not before a session', async (world) => {
    await world.ledger.append([task('a')], person())
    await claims(world, [two], 1)
    await backWithSession(world, 'a', { account: 'claude/a', output: 5 })
    await world.ledger.append([task('b'), task('c')], person())
    const picked = { ...two, picked: 'claude/b' }
    assert.deepEqual(await claims(world, [picked], 3), ['a claude/a', 'b claude/b', 'c claude/b'])
  })

  promise('nobody begins with a parked account, and whoever needs none goes on', async (world) => {
    await world.ledger.append([task('a', { priority: 9 }), created('b'), task('c', { agent: 'codex' })], person())
    const until = Date.now() + hour
    await world.ledger.append([parked(until)], person())
    const hands = [hand('claude'), hand('codex')]
    assert.deepEqual(await claims(world, hands, 9), ['b command', 'c codex'])
    assert.deepEqual(await claims(world, hands, 9, until), ['a claude'])
  })

  promise('after a rest one attempt tries the account, then 2, then 4, then all', async (world) => {
    const until = Date.now() - 1
    await world.ledger.append(
      Array.from({ length: 12 }, (_, i) => task(`t${i}`)),
      person(),
    )
    await world.ledger.append([parked(until)], person())
    assert.equal((await claims(world, [hand()], 9)).length, 1)
    for (const [room, more] of [
      [2, 1],
      [4, 2],
      [null, 8],
    ] as const) {
      await world.ledger.append([released(room)], person())
      assert.equal((await claims(world, [hand()], 9)).length, more, `room ${room}`)
    }
  })

  promise('the fallback takes on what no session has begun; with fallback_anytime everything', async (world) => {
    await world.ledger.append([task('begun'), task('refused'), task('new')], person())
    await claims(world, [hand()], 2)
    await backWithSession(world, 'begun', { account: 'claude', output: 5 })
    await backWithSession(world, 'refused', { account: 'claude', output: 0 })
    await world.ledger.append([parked(Date.now() + hour)], person())
    const claude = hand('claude', { fallback: { agent: 'codex', model: null } })
    assert.deepEqual(await claims(world, [claude], 9), [], 'codex is not here')
    const hands = [claude, hand('codex')]
    assert.deepEqual(await claims(world, hands, 9), ['refused codex as it likes', 'new codex as it likes'])
    assert.deepEqual(await claims(world, [{ ...claude, anytime: true }, hand('codex')], 9), ['begun codex as it likes'])
  })

  promise('another model of the same agent rests apart, but not where nobody is logged in', async (world) => {
    const claude = hand('claude', { fallback: { agent: 'claude', model: 'small' } })
    await world.ledger.append([task('a'), task('b'), task('c')], person())
    await world.ledger.append([parked(Date.now() + hour)], person())
    assert.deepEqual(await claims(world, [claude], 1), ['a claude:small as small'])
    await world.ledger.append([parked(Date.now() + hour, 'claude:small')], person())
    assert.deepEqual(await claims(world, [claude], 1), [])
    await world.ledger.append([released(null, 'claude:small')], person())
    await world.ledger.append([parked(null, 'claude', 'auth')], person())
    assert.deepEqual(await claims(world, [claude], 1), [])
  })

  promise('an account that many attempts find at its limit is parked once, also for another process', async (world) => {
    await using other = await world.another()
    const until = Date.now() + hour
    for (let i = 0; i < 16; i++) await (i % 2 ? world : other).ledger.append([parked(until + (i % 5) * 1000)], person())
    const [row, ...more] = await other.reading.accounts()
    assert.deepEqual([row?.name, row?.parkedUntil, row?.room, row?.parkings, more], ['claude', until, 1, 1, []])
    assert.equal((await world.reading.events(0, { types: ['account.parked'] }, 100)).length, 1)
    await world.ledger.append([parked(until + hour)], person())
    assert.equal((await world.reading.accounts())[0]?.parkedUntil, until + hour, 'a later reset counts')
  })

  promise('who must log in is told of before a limit, and no limit lifts it', async (world) => {
    await world.ledger.append([parked(Date.now() + hour)], person())
    await world.ledger.append([parked(null, 'claude', 'auth')], person())
    await world.ledger.append([parked(Date.now() + 2 * hour)], person())
    const [row] = await world.reading.accounts()
    assert.deepEqual([row?.why, row?.parkedUntil], ['auth', null])
  })

  promise(
    'what ready tasks wait for is told: which accounts, and when the first of them may be tried',
    async (world) => {
      const now = Date.now()
      await world.ledger.append([task('a', { agent: 'codex' }), created('b')], person())
      await world.ledger.append([parked(now + hour)], person())
      const restOf = (hands: Hand[]) => world.reading.rest({ hands, defaultAgent: 'claude', epic: null, now })
      assert.equal(await restOf([hand(), hand('codex')]), undefined, 'nobody waits for claude')
      await world.ledger.append([parked(now + 2 * hour, 'codex')], person())
      const rest = await restOf([hand(), hand('codex')])
      assert.deepEqual([rest?.until, rest?.accounts.map((account) => account.name)], [now + 2 * hour, ['codex']])
      const helped = hand('codex', { fallback: { agent: 'claude', model: null } })
      assert.equal((await restOf([hand(), helped]))?.until, now + hour, 'who stands in may be tried sooner')
      assert.deepEqual(await world.reading.agentsNamed(), ['codex'])
    },
  )

  promise('a run is not over while a ready task waits for an account that may be tried later', async (world) => {
    const now = Date.now()
    await world.ledger.append([task('a'), parked(now + hour)], person())
    const claim = { machine: 'm', slot: 1, epic: null, hands: [hand()], defaultAgent: 'claude', now }
    const numbers = { completed: 0, failed: 0, blocked: 0, cancelled: 0, durationMs: 0 }
    const end = () => world.ledger.endRun(claim, () => [{ type: 'run.finished', data: numbers }], person())
    assert.equal(await end(), 'not yet')
    await world.ledger.append([parked(null, 'claude', 'auth')], person())
    assert.notEqual(await end(), 'not yet', 'nobody knows when somebody logs in')
  })
}
