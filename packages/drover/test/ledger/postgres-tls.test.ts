import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import type { Part } from '../../src/ports/ledger.ts'
import { onPostgres, ownServer } from '../support/postgres.ts'
import { encrypt, makeCertificate } from '../support/tls.ts'

await onPostgres(() => {
  test('TLS is asked for as with psql: sslmode says how much is checked, sslrootcert against what', async (t) => {
    await using server = await ownServer()
    const open = (query: string, create = false) =>
      openPostgres({
        url: `${server.url}${query}`,
        machine: 'm',
        now: Date.now,
        patienceMs: 0,
        ...(create ? { create: { project: 'p', target: 'main' } } : { project: 'p' }),
      })
    await (await open('', true)).ledger.close()
    await assert.rejects(open('?sslmode=require'), { code: 'ledger-away', message: /does not support SSL/ })

    const folder = mkdtempSync(join(tmpdir(), 'drover-tls-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const other = makeCertificate(folder, 'other')
    const own = await encrypt(server)

    const isEncrypted = async (query: string): Promise<unknown> => {
      const { ledger } = await open(query)
      const [row] = await ledger.ask(function* (): Part<readonly Record<string, unknown>[]> {
        return yield { texts: ['select ssl from pg_stat_ssl where pid = pg_backend_pid()'], values: [] }
      })
      await ledger.close()
      return row?.['ssl']
    }
    assert.equal(await isEncrypted('?sslmode=disable'), 0)
    assert.equal(await isEncrypted('?sslmode=require'), 1)
    assert.equal(await isEncrypted(`?sslmode=verify-full&sslrootcert=${own}`), 1)
    await assert.rejects(open('?sslmode=verify-full'), { code: 'ledger-away', message: /self-signed certificate/ })
    await assert.rejects(open(`?sslmode=verify-full&sslrootcert=${other}`), { code: 'ledger-away' })
  })
})
