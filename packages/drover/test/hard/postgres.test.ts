import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isPassing } from '../../src/domain/ledger-trouble.ts'
import { DroverError } from '../../src/domain/error.ts'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import type { OpenLedger } from '../../src/ledger/open.ts'
import { cutLine } from '../support/cut-line.ts'
import { created, person } from '../support/drafts.ts'
import { asked, onPostgres, ownServer } from '../support/postgres.ts'

const newProject = (): string => `p${randomBytes(6).toString('hex')}`
const open = (at: string, project: string, more: { patienceMs?: number; create?: boolean } = {}) => {
  const { create, ...rest } = more
  const made = create ? { create: { project, target: 'main' } } : {}
  return openPostgres({ url: at, project, machine: 'm', now: Date.now, ...rest, ...made })
}
const seqs = async ({ reading }: OpenLedger): Promise<number[]> => {
  const found: number[] = []
  for (
    let page = await reading.events(0, {}, 500);
    page.length > 0;
    page = await reading.events(found.at(-1)!, {}, 500)
  )
    found.push(...page.map(({ seq }) => seq))
  return found
}
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)
const wish = (what: string, n: number) => ({
  texts: ['insert into wish (what, about, at) values (', ', ', ', 0)'],
  values: [what, `${n}`],
})

await onPostgres(({ url, another }) => {
  test('whatever commit’s reply is lost, each write is there exactly once, also one that has no key', async () => {
    const project = newProject()
    const direct = await open(url, project, { create: true })
    await using line = await cutLine(url, (n) => [undefined, 'before' as const, 'after' as const][n % 3])
    const cut = await open(line.url, project)
    const ids: number[] = []
    for (const n of upTo(9)) {
      ids.push(await cut.records.wish('look', n, 0))
      assert.equal((await cut.ledger.append([created(`t${n}`)], person())).outcome, 'appended')
    }
    assert.ok(line.counts.before >= 5 && line.counts.after >= 5, JSON.stringify(line.counts))
    const wishes = await direct.records.wishes()
    assert.deepEqual(
      wishes.map(({ id, about }) => [id, about]),
      upTo(9).map((n) => [ids[n - 1], n]),
    )
    assert.deepEqual(await seqs(direct), upTo(9))
    for (const one of [direct, cut]) await one.ledger.close()
  })

  test('however many append at once, a follower sees all of them, in order and without a gap', async () => {
    const project = newProject()
    const follower = await open(url, project, { create: true })
    const writers = await Promise.all(upTo(6).map(() => open(url, project)))
    const wanted = 6 * 15
    const written = Promise.all(
      writers.map(async ({ ledger }, i) => {
        for (const n of upTo(15)) await ledger.append([created(`t${i}-${n}`)], person())
      }),
    )
    const bell = follower.ledger.bell()
    const seen: number[] = []
    const late = AbortSignal.timeout(60_000)
    while (seen.length < wanted && !late.aborted) {
      const page = await follower.reading.events(seen.at(-1) ?? 0, {}, 7)
      seen.push(...page.map(({ seq }) => seq))
      if (page.length === 0) await bell(5000, late)
    }
    await written
    assert.deepEqual(seen, upTo(wanted))
    for (const one of [follower, ...writers]) await one.ledger.close()
  })

  test('a server that crashes again and again loses nothing, and followers hear what comes after', async () => {
    await using server = await ownServer()
    const project = newProject()
    const [writer, follower] = [await open(server.url, project, { create: true }), await open(server.url, project)]
    writer.ledger.waitFor(60_000)
    follower.ledger.waitFor(60_000)
    const bell = follower.ledger.bell()
    const over = new AbortController()
    const written = (async () => {
      let n = 0
      while (!over.signal.aborted || n < 20) {
        await writer.records.wish('look', ++n, 0)
        await writer.ledger.append([created(`t${n}`)], person())
      }
      return n
    })()
    for (let crashes = 0; crashes < 3; crashes++) {
      await bell(20_000, AbortSignal.timeout(20_000))
      await server.crash()
      await server.start()
    }
    over.abort()
    const n = await written
    assert.deepEqual(await seqs(follower), upTo(n))
    assert.deepEqual(
      (await follower.records.wishes()).map(({ about }) => about),
      upTo(n),
    )
    await bell(1500, AbortSignal.timeout(1500))
    const begun = performance.now()
    // Whoever only looked once a second would need a second for each.
    for (const word of ['one', 'two', 'three', 'four', 'five']) {
      await bell(0, AbortSignal.timeout(1))
      const rung = bell(30_000, AbortSignal.timeout(30_000))
      await writer.ledger.append([created(word)], person())
      await rung
    }
    assert.ok(performance.now() - begun < 2500, 'it listens again')
    for (const one of [writer, follower]) await one.ledger.close()
  })

  test('a connection that is cut in the middle of a transaction takes the transaction with it, which is made anew', async () => {
    const project = newProject()
    const { url: own } = await another()
    const writer = await open(own, project, { create: true })
    const cut = new Set<number>()
    const lend = (n: number) => async (): Promise<void> => {
      if (cut.size === cut.add(n).size) return
      await asked(
        own,
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'drover' and datname = current_database()",
      )
    }
    for (const n of upTo(4))
      await writer.ledger.transact(function* () {
        yield wish('one', n)
        yield { lend: lend(n) }
        yield wish('two', n)
      })
    assert.equal(cut.size, 4)
    assert.deepEqual(
      (await writer.records.wishes()).map(({ what, about }) => `${what} ${String(about)}`),
      upTo(4).flatMap((n) => [`one ${n}`, `two ${n}`]),
    )
    await writer.ledger.close()
  })

  test('a database that stays away is told of in time, with what passes by itself, and everything goes on when it is back', async () => {
    await using server = await ownServer()
    const project = newProject()
    const { ledger, reading } = await open(server.url, project, { create: true, patienceMs: 300 })
    await server.crash()
    const begun = performance.now()
    for (const asking of [() => ledger.append([created('a')], person()), () => reading.lastSeq()]) {
      const error = await asking().then(
        () => assert.fail('nobody can answer'),
        (failure: unknown) => failure,
      )
      assert.ok(error instanceof DroverError)
      assert.deepEqual([error.code, error.exit, isPassing(error)], ['ledger-away', 75, true])
      assert.match(
        error.message,
        /^the database postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres cannot be reached: connect ECONNREFUSED/,
      )
    }
    assert.ok(performance.now() - begun < 5000)
    await server.start()
    ledger.waitFor(20_000)
    await ledger.append([created('a')], person())
    assert.equal(await reading.lastSeq(), 1)
    await ledger.close()
  })
})
