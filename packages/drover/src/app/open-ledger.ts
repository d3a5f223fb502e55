import { DroverError } from '../domain/error.ts'
import { type Creation, openSqlite, type OpenLedger } from '../ledger/open.ts'
import { realClock } from './clock.ts'
import { faultWords } from './load-config.ts'

/** The ledger of a project; made only by `init`. */
export async function openLedgerAt(where: { file: string; machine: string; create?: Creation }): Promise<OpenLedger> {
  if (faultWords) (await import('./faults.ts')).plantFaults(faultWords)
  return openSqlite({ ...where, now: realClock.now })
}

/** The file of `sqlite:///path`, or the project's own. */
export function ledgerFile(url: string, own: string): string {
  if (url === '') return own
  const path = /^sqlite:\/\/\/?(.+)$/.exec(url)?.[1]
  if (path !== undefined) return path
  throw new DroverError('bad-setting', {
    where: 'database_url',
    problem: `"${url.replace(/:[^:@/]*@/, ':***@')}" is not sqlite:///…; PostgreSQL is not built in yet`,
  })
}
