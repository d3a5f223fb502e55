import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { NewEvent } from '../../src/domain/event.ts'
import { openSqlite, type OpenLedger } from '../../src/ledger/open.ts'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import { statementsOf } from '../../src/ledger/postgres-statement.ts'
import { sql } from '../../src/ledger/sql.ts'
import { created, person } from '../support/drafts.ts'
import { onPostgres } from '../support/postgres.ts'

const create = { project: 'p', target: 'main' }
const openFile = (): Promise<OpenLedger> => openSqlite({ file: ':memory:', machine: 'm', now: () => 1, create })

/** All that decides how a new task is born, over more tasks than are written together. */
const many: NewEvent[] = [
  { type: 'epic.created', epic: 'e', data: { title: 'e', description: '', priority: 5, labels: [], imported: false } },
  created('over', {}, { status: 'completed' }),
  ...Array.from({ length: 600 }, (_, i) => created(`t${i}`, i % 7 === 0 ? { epicId: 'e' } : {}, aboutOf(i))),
]
function aboutOf(i: number): Parameters<typeof created>[2] {
  if (i % 9 === 1) return { kind: 'subtask', parentId: `t${i - 1}`, sequence: 1 }
  // Before it, far behind it, twice, and over already.
  if (i % 9 === 2) return { needs: [`t${i - 2}`, `t${(i + 299) % 600}`, 'over', `t${i - 2}`] }
  if (i % 9 === 3) return { needs: ['over'] }
  return i === 400 ? { status: 'completed' } : i % 9 === 4 ? { needs: ['t400'] } : {}
}

async function contents({ reading }: OpenLedger): Promise<unknown> {
  const events = await reading.events(0, {}, 10_000)
  const tasks = await reading.tasks({})
  return structuredClone({
    tasks: tasks.map((task) => ({ ...task, createdAt: 0, updatedAt: 0, finishedAt: 0 })),
    needs: (await reading.allNeeds()).toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    events: events.map(({ seq, type, task, data }) => ({ seq, type, task, data })),
  })
}

async function atOnce(opened: OpenLedger): Promise<unknown> {
  assert.equal((await opened.ledger.append(many, person())).outcome, 'appended')
  return contents(opened)
}

test('tasks that are made at once are what they are when they are made one by one', async () => {
  const backwards = many.filter(({ data }) => !('needs' in data && data.needs.some((need) => /^t\d+$/.test(need))))
  const [one, other] = [await openFile(), await openFile()]
  for (const event of backwards) await one.ledger.append([event], person())
  await other.ledger.append(backwards, person())
  assert.deepEqual(await contents(other), await contents(one))
})

test('of many that are made at once each waits for those of its needs that are not over', async () => {
  const opened = await openFile()
  await opened.ledger.append(many, person())
  const waits = async (id: string): Promise<unknown> => {
    const { status, openNeeds } = (await opened.reading.task(id))!
    return { status, openNeeds }
  }
  assert.deepEqual(await waits('t2'), { status: 'blocked', openNeeds: 2 })
  assert.deepEqual(await waits('t3'), { status: 'ready', openNeeds: 0 })
  assert.deepEqual(await waits('t4'), { status: 'ready', openNeeds: 0 })
  assert.deepEqual(await waits('t103'), { status: 'ready', openNeeds: 0 })
})

test('a name that is taken, a parent that is not there and a need of itself are refused among many too, and nothing stays', async () => {
  const bad: [NewEvent, RegExp][] = [
    [created('T5'), /T5/],
    [created('T599'), /T599/],
    [created('E'), /E/],
    [created('x', {}, { parentId: 'nobody', kind: 'subtask' }), /nobody/],
    [created('x', { epicId: 'none' }), /none/],
    [created('x', {}, { needs: ['x'] }), /x/],
  ]
  const opened = await openFile()
  for (const [event, words] of bad) await assert.rejects(opened.ledger.append([...many, event], person()), words)
  assert.deepEqual(await opened.reading.tasks({}), [])
})

const row = (i: number) => sql`insert into need (task, needs) values (${`t${i}`}, ${'x'}) on conflict do nothing`

test('inserts of the same words that follow each other are one statement, in their order, and nothing else is', () => {
  const other = sql`update task set title = ${'y'} where id = ${'t1'}`
  const rows = Array.from({ length: 75 }, (_, i) => row(i))
  const said = statementsOf([...rows, other, other, row(99)])
  assert.deepEqual(
    said.map(({ values }) => values.length / 2),
    [64, 8, 1, 1, 1, 1, 1, 1],
  )
  assert.deepEqual(
    said.flatMap(({ values }) => values).filter((_, i) => i % 2 === 0),
    [...rows.keys()].map((i) => `t${i}`).concat('y', 'y', 't99'),
  )
})

await onPostgres(({ url }) => {
  const open = (): Promise<OpenLedger> => {
    const project = `p${randomBytes(6).toString('hex')}`
    return openPostgres({ url, machine: 'm', now: () => 1, project, create: { ...create, project } })
  }

  test('PostgreSQL holds of many tasks that were made at once what SQLite holds', async () => {
    const postgres = await open()
    assert.deepEqual(await atOnce(postgres), await atOnce(await openFile()))
    await postgres.ledger.close()
  })

  test('thousands of tasks on PostgreSQL take this process little more than SQLite does', async () => {
    const events = Array.from({ length: 3000 }, (_, i) =>
      created(`t${i}`, {}, i % 10 === 9 ? { needs: [`t${i - 1}`] } : {}),
    )
    const spent = async ({ ledger }: OpenLedger): Promise<number> => {
      const before = process.cpuUsage()
      await ledger.append(events, person())
      const { user, system } = process.cpuUsage(before)
      await ledger.close()
      return user + system
    }
    const ratios: number[] = []
    for (let round = 0; round < 3; round++) ratios.push((await spent(await open())) / (await spent(await openFile())))
    assert.ok(Math.min(...ratios) < 4, `${ratios.map((ratio) => ratio.toFixed(1)).join(', ')} times as much`)
  })
})
