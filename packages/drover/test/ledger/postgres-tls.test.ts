import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import { asked, onPostgres, ownServer } from '../support/postgres.ts'

/** A certificate that signs itself, for this machine's loopback. */
function makeCertificate(folder: string, name: string): string {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const how = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const who = ['-subj', '/CN=drover test', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = spawnSync('openssl', ['req', ...how, ...who, '-keyout', key, '-out', certificate])
  assert.equal(made.status, 0, String(made.stderr))
  return certificate
}

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
    const data = String((await asked(server.url, 'show data_directory'))[0]?.['data_directory'])
    const own = makeCertificate(data, 'server')
    const { uid, gid } = statSync(data)
    for (const file of [own, join(data, 'server.key')]) chownSync(file, uid, gid)
    chmodSync(join(data, 'server.key'), 0o600)
    await asked(server.url, 'alter system set ssl = on')
    await server.crash()
    await server.start()

    const isEncrypted = async (query: string): Promise<unknown> => {
      const { ledger } = await open(query)
      const [row] = await ledger.ask(function* () {
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
