import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openSqlite } from '../../src/ledger/open.ts'
import { created, person } from '../support/drafts.ts'

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
