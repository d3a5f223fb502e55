import assert from 'node:assert/strict'
import { test } from 'node:test'
import { releaseAtStart } from '../../src/flow/accounts.ts'
import { releaseAccounts } from '../../src/flow/operations/release-accounts.ts'
import { hand, person } from '../support/drafts.ts'
import { begun, done, hour, limit, loggedOut, openLimited } from './limited-crew.ts'

const minute = 60_000

test('16 tasks reach a limit at once: one parked account, no attempt consumed, nothing started, one probe', async (t) => {
  const reset = begun + hour
  const all = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const silent: (() => void)[] = []
  let [atWork, tried] = [0, 0]
  const world = await openLimited(t, async ({ attempt, account, works, stopped }) => {
    if (attempt === 1) {
      if (++atWork === 16) all.resolve()
      await all.promise
      return limit(account, reset)
    }
    tried++
    await Promise.race([new Promise<void>((answers) => silent.push(answers)), stopped])
    await works()
    await Promise.race([finish.promise, stopped])
    return done
  })
  await world.add(16)
  const [wait] = await world.until('it waits', async () => (world.waits.length > 0 ? world.waits : undefined))
  const [row, ...others] = await world.reading.accounts()
  assert.deepEqual([row?.name, row?.why, others], ['claude', 'limit', []])
  assert.ok(row!.parkedUntil! > reset && row!.parkedUntil! <= reset + 10_000, 'a few seconds after the reset')
  assert.equal((await world.reading.events(0, { types: ['account.parked'] }, 500)).length, 1)
  assert.deepEqual(wait, { until: row!.parkedUntil, why: 'claude reached a limit' })
  const tasks = await world.reading.tasks({})
  assert.deepEqual(new Set(tasks.map(({ status, attempts }) => `${status} ${attempts}`)), new Set(['ready 0']))

  for (const now of [begun + 1, begun + hour / 2, row!.parkedUntil! - 1]) {
    await world.at(now)
    await world.looked()
    assert.equal(await world.claims(), 16, `nothing starts at ${now - begun} ms`)
  }

  await world.at(row!.parkedUntil!)
  for (const count of [1, 2, 4, 16]) {
    await world.until(`${count} try it`, async () => tried >= count)
    await world.looked()
    assert.equal(await world.claims(), 16 + count, `${count} at once`)
    silent.shift()!()
  }
  await world.until('all may use it', async () => (await world.reading.accounts())[0]?.room === null)
  for (const answers of silent) answers()
  finish.resolve()
  await world.over
  assert.deepEqual(new Set((await world.reading.tasks({})).map(({ status }) => status)), new Set(['completed']))
})

test('a probe that reaches the limit again parks it again, longer each time where no reset is told', async (t) => {
  const world = await openLimited(t, async ({ attempt, account }) => {
    if (attempt === 1) await all.claimed(3)
    return limit(account, null)
  })
  const all = claimsOf(world)
  await world.add(3)
  let now = begun
  for (const [n, least] of [1, 2, 4, 8, 16, 30, 30].entries()) {
    const { parkedUntil } = await world.until(`parking ${n + 1}`, async () =>
      (await world.reading.accounts()).find(({ parkings }) => parkings === n + 1),
    )
    assert.ok(parkedUntil! >= now + least * minute && parkedUntil! <= now + least * minute + 30_000, `${least} minutes`)
    await world.looked()
    assert.equal(await world.claims(), 3 + n, 'one probe each time')
    now = parkedUntil!
    await world.at(now)
  }
  assert.deepEqual(new Set((await world.reading.tasks({})).map(({ attempts }) => attempts)), new Set([0]))
})

test('a reset that is past is no reset: it is not tried in a loop', async (t) => {
  const world = await openLimited(t, async ({ account }) => limit(account, begun - hour))
  await world.add(1)
  const [row] = await world.until('it is parked', async () => {
    const rows = await world.reading.accounts()
    return rows.length > 0 ? rows : undefined
  })
  assert.ok(row!.parkedUntil! >= begun + minute)
})

test('what is parked stays parked over a restart', async (t) => {
  const first = await openLimited(t, async ({ account }) => {
    await all.claimed(4)
    return limit(account, begun + hour)
  })
  const all = claimsOf(first)
  await first.add(4)
  await first.until('it waits', async () => first.waits.length > 0 || undefined)
  await first.close()
  const next = await openLimited(t, async () => done)
  await next.until('it waits again', async () => next.waits.length > 0 || undefined)
  await next.looked()
  assert.equal(await next.claims(), 4)
  await next.at(begun + hour + 10_000)
  await next.until('one is done', async () => (await next.claims()) > 4 || undefined)
})

test('somebody who knows better has the account tried at once, with one attempt', async (t) => {
  const world = await openLimited(t, async ({ attempt, account, stopped }) => {
    await (attempt > 1 ? stopped : all.claimed(5))
    return limit(account, begun + hour)
  })
  const all = claimsOf(world)
  await world.add(5)
  await world.until('it waits', async () => world.waits.length > 0 || undefined)
  assert.deepEqual(await releaseAccounts(world.crew, person()), ['claude'])
  await world.until('one tries', async () => (await world.claims()) > 5 || undefined)
  await world.looked()
  assert.equal(await world.claims(), 6)
  assert.deepEqual(await releaseAccounts(world.crew, person()), [], 'nothing rests any more')
})

test('where nobody is logged in the run ends, and the next start tries again with one attempt', async (t) => {
  const first = await openLimited(t, async ({ account }) => loggedOut(account))
  await first.add(3)
  await first.over
  assert.deepEqual(first.waits, [])
  const tasks = await first.reading.tasks({})
  assert.deepEqual(new Set(tasks.map(({ status, attempts }) => `${status} ${attempts}`)), new Set(['ready 0']))
  const before = await first.claims()
  await releaseAtStart(first.crew)
  await first.close()
  const next = await openLimited(t, async ({ account }) => loggedOut(account))
  await next.over
  assert.equal(await next.claims(), before + 1)
})

test('other accounts work on while one rests, and the run waits only for what none of them can do', async (t) => {
  const hands = [hand('claude', { accounts: ['claude/a', 'claude/b'] })]
  const world = await openLimited(
    t,
    async ({ account }) => (account === 'claude/a' ? limit(account, begun + hour) : done),
    { hands, workers: 2 },
  )
  await world.add(6)
  await world.over
  assert.deepEqual(world.waits, [])
  const accounts = (await world.reading.events(0, { types: ['task.claimed'] }, 500)).map(
    (event) => event.type === 'task.claimed' && event.data.account,
  )
  assert.equal(accounts.filter((name) => name === 'claude/a').length, 1)
})

/** Whoever meets the limit first would keep the others from beginning. */
const claimsOf = (world: Awaited<ReturnType<typeof openLimited>>) => ({
  claimed: (count: number) => world.until('all have begun', async () => (await world.claims()) >= count || undefined),
})
