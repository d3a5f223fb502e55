import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { isPassing } from '../domain/ledger-trouble.ts'
import { withoutPassword } from '../domain/url.ts'
import { type Creation, openSqlite, type OpenLedger } from '../ledger/open.ts'
import { migrations } from '../ledger/migrations.ts'
import { isPostgres, shownUrl } from '../ledger/postgres-url.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger, Part } from '../ports/ledger.ts'
import { realClock } from './clock.ts'
import { faultWords } from './load-config.ts'
import { placesBelow, type Places } from './places.ts'

/** Where a project's ledger is: a file of this machine, or a database that several machines share. */
export type LedgerPlace = { file: string } | { url: string; shown: string }

/** `database_url` in words: empty is the project's own file. */
export function ledgerPlace(url: string, places: Pick<Places, 'folder'>): LedgerPlace {
  if (url === '') return { file: placesBelow(places).ledger }
  if (isPostgres(url)) return { url, shown: shownUrl(url) }
  const file = /^sqlite:\/\/\/?(.+)$/.exec(url)?.[1]
  if (file !== undefined) return { file }
  throw new DroverError('bad-setting', {
    where: 'database_url',
    problem: `"${withoutPassword(url)}" is neither sqlite:///… nor postgres://…`,
  })
}

interface Wanted {
  at: LedgerPlace
  /** Which of a database's projects; a file holds one. */
  project?: string | undefined
  machine: string
  create?: Creation
}

/** The ledger of a project; made only by `init`. */
export async function openLedgerAt({ at, project, machine, create }: Wanted): Promise<OpenLedger> {
  if (faultWords) (await import('./faults.ts')).plantFaults(faultWords)
  const wanted = { machine, now: realClock.now, ...(create ? { create } : {}) }
  if ('file' in at) return openSqlite({ ...wanted, file: at.file })
  if (faultWords) await (await import('./faults.ts')).plantInPostgres(faultWords)
  const { openPostgres } = await import('../ledger/open-postgres.ts')
  return openPostgres({ ...wanted, url: at.url, ...(project === undefined ? {} : { project }) })
}

const lookMs = 2_000

/** Until the signal, or until a newer drover has changed the tables: then who drives goes in order, and that one may go on. */
export async function untilNewer(
  { ledger, ledgerAt }: { ledger: Ledger; ledgerAt: LedgerPlace },
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const query =
    'file' in ledgerAt ? 'select user_version as version from pragma_user_version' : 'select version from ledger'
  while (!signal.aborted) {
    await clock.sleep(lookMs, signal)
    const found = await ledger.ask(() => versionIn(query)).catch(unlessPassing)
    const file = 'file' in ledgerAt ? ledgerAt.file : ledgerAt.shown
    if (found !== undefined && found > migrations.length)
      throw new DroverError('newer-ledger', { file, found, known: migrations.length })
  }
}

function* versionIn(query: string): Part<number> {
  const [row] = yield { texts: [query], values: [] }
  return Number(row?.version)
}

/** Whoever cannot ask now asks again. */
function unlessPassing(error: unknown): undefined {
  if (!isPassing(error)) throw error
}

/** The copy of the project's id that stands beside the settings: it says which of a database's projects is meant. */
export function projectIdIn({ folder }: Places): string | undefined {
  const file = join(folder, 'config.yaml')
  return existsSync(file) ? /^project: (\S+)$/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined
}
