import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Client } from 'pg'
import { openSqlite } from '../../src/ledger/open.ts'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import { accountsSuite } from '../conformance/accounts.ts'
import { ledgerSuite, type LedgerWorld } from '../conformance/ledger.ts'
import { created, person } from '../support/drafts.ts'
import { asked, onPostgres } from '../support/postgres.ts'

const asks = async ({ reading }: Pick<LedgerWorld, 'reading'>) =>
  structuredClone([
    await reading.idsLike('b'),
    await reading.idsLike('task-'),
    await reading.idsLike('B'),
    (await reading.tasks({ label: 'a' })).map(({ id }) => id),
    (await reading.tasks({ label: '","' })).map(({ id }) => id),
    (await reading.tasks({ epic: 'e', statuses: ['blocked', 'paused'] })).map(({ id }) => id),
    (await reading.recent({ epic: 'e', since: 0, until: 5, limit: 5, but: [] })).map(({ id }) => id),
    await reading.costs('epic'),
    await reading.costs('run'),
    await reading.usageTotal('b'),
    await reading.spentSince(0),
    await reading.lastRun(),
    await reading.durations(5),
    await reading.standing('e'),
  ])

const lend = async (client: unknown): Promise<void> => {
  assert.ok(client instanceof Client)
  await client.query("insert into trusted (key, value) values ('lent', 'yes')")
}

await onPostgres((database) => {
  const { url } = database
  const open = (): Promise<LedgerWorld> => {
    const project = `p${randomBytes(6).toString('hex')}`
    const world = async (isFirst: boolean): Promise<LedgerWorld> => {
      const create = isFirst ? { create: { project, target: 'main' } } : {}
      const opened = await openPostgres({ url, project, machine: 'm', now: Date.now, ...create })
      return { ...opened, another: () => world(false), [Symbol.asyncDispose]: () => opened.ledger.close() }
    }
    return world(true)
  }
  ledgerSuite('postgres', open)
  accountsSuite('postgres', open)

  test('a text is read back as SQLite gives it: NUL, emoji, half an emoji, quotes, 10 MB; and so is every number', async () => {
    await using postgres = await open()
    const sqlite = await openSqlite({
      file: ':memory:',
      machine: 'm',
      now: () => 1,
      create: { project: 'p', target: 'main' },
    })
    const texts = [
      '\0',
      'a\0b',
      '🐂',
      '\ud83d',
      'é\u0301\r\n\t',
      `'";--$1?\\u0000\\`,
      '',
      'x'.repeat(10_000_000),
      '\u{10ffff}',
    ]
    const events = texts.map((text, i) =>
      created(
        `t${i}`,
        { title: `${i}`, description: text, labels: [text.slice(0, 50)], timeoutMs: 2 ** 45 + i },
        { createdAt: 1_700_000_000_123 + i },
      ),
    )
    for (const { ledger } of [postgres, sqlite]) {
      const request = person('texts')
      await ledger.append(events, request)
    }
    for (const [i] of texts.entries()) {
      const [here, there] = [await postgres.reading.task(`t${i}`), await sqlite.reading.task(`t${i}`)]
      assert.deepEqual({ ...here, updatedAt: 0 }, { ...there, updatedAt: 0 })
    }
    const [here, there] = [await postgres.reading.events(0, {}, 100), await sqlite.reading.events(0, {}, 100)]
    assert.deepEqual(
      here.map((event) => ({ ...event, at: 0 })),
      there.map((event) => ({ ...event, at: 0 })),
    )
    await sqlite.ledger.close()
  })

  test('tasks are found and sorted as in SQLite: ids byte by byte, those without an epic, labels', async () => {
    await using postgres = await open()
    const sqlite = await openSqlite({
      file: ':memory:',
      machine: 'm',
      now: () => 1,
      create: { project: 'p', target: 'main' },
    })
    const epic = { title: 'e', description: '', priority: 5, labels: [], imported: false }
    const events = [
      { type: 'epic.created', epic: 'e', data: epic } as const,
      ...['task-b', 'task-B1', 'task-_', 'b', 'Ba', 'task-e', 'b-1'].map((id, i) =>
        created(id, { epicId: i % 2 ? 'e' : null, labels: i % 3 ? ['a","b', 'c'] : ['a', 'b'], priority: i % 4 }),
      ),
    ]
    for (const { ledger } of [postgres, sqlite]) await ledger.append(events, person('some'))
    assert.deepEqual(await asks(postgres), await asks(sqlite))
    await sqlite.ledger.close()
  })

  test('a loan is part of the transaction, on its own connection; SQLite has none to lend', async () => {
    await using world = await open()
    await world.ledger.transact(function* () {
      yield { lend }
      const [row] = yield { texts: ["select value from trusted where key = 'lent'"], values: [] }
      assert.equal(row?.['value'], 'yes', 'seen within')
    })
    assert.deepEqual(await world.records.trusted(), { lent: 'yes' })
    await world.records.trust({})
    const failing = world.ledger.transact(function* () {
      yield { lend }
      throw new RangeError('no')
    })
    await assert.rejects(failing, RangeError)
    assert.deepEqual(await world.records.trusted(), {}, 'rolled back with it')
    const theirs = world.ledger.transact(function* () {
      yield { lend: () => Promise.reject(new RangeError('theirs')) }
    })
    await assert.rejects(theirs, RangeError)
    const sqlite = await openSqlite({
      file: ':memory:',
      machine: 'm',
      now: () => 1,
      create: { project: 'p', target: 'main' },
    })
    await assert.rejects(
      sqlite.ledger.transact(function* () {
        yield { lend }
      }),
      TypeError,
    )
    await sqlite.ledger.close()
  })

  test('what one process trusts, the others see', async () => {
    await using world = await open()
    await using other = await world.another()
    const bell = world.ledger.bell()
    assert.deepEqual(await world.records.trusted(), {})
    await bell(0, AbortSignal.timeout(1))
    const rung = bell(20_000, AbortSignal.timeout(20_000))
    await other.records.trust({ 'filter.lfs.clean': 'git-lfs clean' })
    await rung
    assert.deepEqual(await world.records.trusted(), { 'filter.lfs.clean': 'git-lfs clean' })
  })

  test('it needs no more than the right to make a schema, or a schema made for it; without either it says so', async () => {
    const { url: own } = await database.another()
    const name = new URL(own).pathname.slice(1)
    const as = (user: string): string => own.replace('postgres@', `${user}@`)
    const [maker, owner, guest] = ['maker', 'owner', 'guest'].map((role) => `${role}_${name.slice(-12)}`) as [
      string,
      string,
      string,
    ]
    for (const role of [maker, owner, guest]) await asked(own, `create role "${role}" login`)
    await asked(own, `grant create on database "${name}" to "${maker}"`)
    await asked(own, `create schema drover_given authorization "${owner}"`)
    const use = async (user: string, project: string): Promise<number> => {
      const opened = await openPostgres({
        url: as(user),
        machine: 'm',
        now: Date.now,
        create: { project, target: 'main' },
      })
      await opened.ledger.append([created('a')], person())
      await opened.ledger.claim(
        { machine: 'm', slot: 1, epic: null, hands: [], defaultAgent: 'claude', now: Date.now() },
        function* () {},
      )
      const seq = await opened.reading.lastSeq()
      await opened.ledger.close()
      return seq
    }
    assert.equal(await use(maker, 'made'), 2)
    assert.equal(await use(owner, 'given'), 2)
    await assert.rejects(use(guest, 'none'), { code: 'ledger-refused', message: /permission denied for database/ })
    await assert.rejects(use(guest, 'given'), { code: 'ledger-refused' })
    await asked(
      own,
      `drop schema drover_made, drover_given cascade; revoke all on database "${name}" from "${maker}"; drop role "${maker}", "${owner}", "${guest}"`,
    )
  })

  test('a schema of a newer drover is left alone, and the old one says what to install', async () => {
    const { url: own } = await database.another()
    const options = { url: own, machine: 'm', now: Date.now }
    const { ledger } = await openPostgres({ ...options, create: { project: 'p', target: 'main' } })
    await ledger.close()
    await asked(own, 'update drover_p.ledger set version = 999')
    await assert.rejects(openPostgres({ ...options, project: 'p' }), { code: 'newer-ledger', exit: 75 })
  })

  test('without a name, the only project of a database is meant; of several, one must be named', async () => {
    const { url: own } = await database.another()
    const options = { url: own, machine: 'm', now: Date.now }
    await assert.rejects(openPostgres(options), { code: 'no-ledger', exit: 3 })
    const make = async (project: string): Promise<void> =>
      (await openPostgres({ ...options, create: { project, target: 'main' } })).ledger.close()
    // Eight at once make it once.
    await Promise.all(Array.from({ length: 8 }, () => make('one')))
    const only = await openPostgres(options)
    assert.equal((await only.reading.project()).id, 'one')
    await only.ledger.close()
    await make('two')
    await assert.rejects(openPostgres(options), { code: 'which-project', message: /holds several projects: one, two/ })
  })
})
