import { DroverError } from '../domain/error.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Reading } from '../ports/reading.ts'
import { connect } from './connection.ts'
import { openLedger } from './ledger.ts'
import { migrate } from './migrate.ts'
import { openReading } from './reading.ts'
import { openRecords } from './records.ts'
import type { Records } from '../ports/records.ts'
import { run, sql } from './sql.ts'

export interface OpenLedger {
  ledger: Ledger
  reading: Reading
  records: Records
}

interface Options {
  file: string
  machine: string
  now: () => number
  /** Only `init` makes a ledger; a command that reads never does. */
  create?: { project: string; target: string }
  patienceMs?: number
}

export async function openSqlite({ file, machine, now, create, patienceMs = 10_000 }: Options): Promise<OpenLedger> {
  const connection = connect(file, { create: create !== undefined, patienceMs, prepare: (db) => migrate(db, file) })
  const ledger = openLedger(connection, { machine, now })
  const reading = openReading(connection)
  if (create)
    await ledger.transact(() =>
      run(
        sql`insert into project (one, id, target, created_at) values (1, ${create.project}, ${create.target}, ${now()}) on conflict do nothing`,
      ),
    )
  else if (!(await hasProject(reading))) throw new DroverError('no-project', { folder: file })
  return { ledger, reading, records: openRecords(connection) }
}

const hasProject = (reading: Reading): Promise<boolean> =>
  reading.project().then(
    () => true,
    (error: unknown) => {
      if (error instanceof TypeError) return false
      throw error
    },
  )
