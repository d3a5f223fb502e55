import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openSqlite } from '../../src/ledger/open.ts'
import { created, hand, person } from '../support/drafts.ts'

const count = 1300

async function openMany(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-many-'))
  const create = { project: 'p', target: 'main' }
  const opened = await openSqlite({ file: join(folder, 'drover.db'), machine: 'm', now: Date.now, create })
  t.after(async () => {
    await opened.ledger.close()
    rmSync(folder, { recursive: true })
  })
  const events = Array.from({ length: count }, (_, i) =>
    created(`t${i}`, {}, i % 2 === 0 ? { status: 'failed' } : { needs: [`t${i - 1}`] }),
  )
  await opened.ledger.append(events, person())
  return opened.reading
}

const numbered = (from: number): string[] => Array.from({ length: count / 2 }, (_, i) => `t${2 * i + from}`)

test('of many tasks, those of a status are found whole and in the order they were made, over all pages', async (t) => {
  const reading = await openMany(t)
  const ids = async (filter: Parameters<typeof reading.tasks>[0]): Promise<string[]> =>
    (await reading.tasks(filter)).map(({ id }) => id)
  assert.deepEqual(await ids({ statuses: ['failed'] }), numbered(0))
  assert.deepEqual(await ids({ statuses: ['blocked'], reasons: ['needs'] }), numbered(1))
  assert.deepEqual(await ids({ statuses: ['blocked', 'failed'], reasons: ['gate'] }), numbered(0))
  assert.deepEqual(
    await ids({ statuses: ['blocked', 'failed'] }),
    Array.from({ length: count }, (_, i) => `t${i}`),
  )
  assert.deepEqual(await ids({ statuses: ['failed'], limit: 3 }), ['t0', 't2', 't4'])
  assert.deepEqual(await ids({ statuses: ['ready', 'blocked'] }), numbered(1))
})

test('however many tasks wait for a parked account, a look at what may begin costs the same', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-many-'))
  const create = { project: 'p', target: 'main' }
  const { ledger } = await openSqlite({ file: join(folder, 'drover.db'), machine: 'm', now: Date.now, create })
  t.after(async () => {
    await ledger.close()
    rmSync(folder, { recursive: true })
  })
  const data = { account: 'claude', agent: 'claude', until: Date.now() + 1e6, why: 'limit', text: '' } as const
  await ledger.append([{ type: 'account.parked', data }], person())
  const wanted = { machine: 'm', slot: 1, epic: null, hands: [hand(), hand('codex')], defaultAgent: 'claude' }
  const lookMs = async (): Promise<number> => {
    const times: number[] = []
    for (let i = 0; i < 50; i++) {
      const begun = performance.now()
      assert.equal(await ledger.claim({ ...wanted, now: Date.now() }, () => assert.fail('nobody may begin')), undefined)
      times.push(performance.now() - begun)
    }
    return times.toSorted((a, b) => a - b)[25]!
  }
  const wait = (from: number, to: number) =>
    ledger.append(
      Array.from({ length: to - from }, (_, i) => created(`t${from + i}`, { run: null })),
      person(),
    )
  await wait(0, 10)
  const few = await lookMs()
  await wait(10, 5000)
  const many = await lookMs()
  assert.ok(many < few * 4 + 0.2, `${few} ms with 10, ${many} ms with 5000`)
})
