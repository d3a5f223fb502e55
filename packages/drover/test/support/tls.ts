import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { asked, type OwnServer } from './postgres.ts'

/** A certificate that signs itself, for this machine's loopback. */
export function makeCertificate(folder: string, name: string): string {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const how = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const who = ['-subj', '/CN=drover test', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = spawnSync('openssl', ['req', ...how, ...who, '-keyout', key, '-out', certificate])
  assert.equal(made.status, 0, String(made.stderr))
  return certificate
}

/** The server takes encrypted connections from now on; its certificate. */
export async function encrypt(server: OwnServer): Promise<string> {
  const data = String((await asked(server.url, 'show data_directory'))[0]?.['data_directory'])
  const own = makeCertificate(data, 'server')
  const { uid, gid } = statSync(data)
  for (const file of [own, join(data, 'server.key')]) chownSync(file, uid, gid)
  chmodSync(join(data, 'server.key'), 0o600)
  await asked(server.url, 'alter system set ssl = on')
  await server.crash()
  await server.start()
  return own
}
