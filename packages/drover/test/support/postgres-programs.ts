import { existsSync, globSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { realpathSync } from 'node:fs'

/** The folder of `initdb` and `postgres`: of this machine. */
export async function postgresPrograms(): Promise<string> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'initdb'))
  const usual = [
    '/usr/lib/postgresql/*/bin/initdb',
    '/opt/homebrew/opt/postgresql*/bin/initdb',
    '/usr/local/opt/postgresql*/bin/initdb',
  ]
  const found = [...onPath, ...usual.flatMap((pattern) => globSync(pattern).toSorted().toReversed())]
    .filter((file) => existsSync(file))
    .map((file) => dirname(realpathSync(file)))
  const whole = found.find((folder) => existsSync(join(folder, 'postgres')))
  if (!whole) throw new Error('there is no PostgreSQL on this machine')
  return whole
}
