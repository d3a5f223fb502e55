import { DroverError } from '../domain/error.ts'
import type { Ledger, Part } from '../ports/ledger.ts'
import type { Reading } from '../ports/reading.ts'
import { connect } from './connection.ts'
import { openLedger } from './ledger.ts'
import { migrate } from './migrate.ts'
import { openReading } from './reading.ts'
import { openRecords } from './records.ts'
import type { Records } from '../ports/records.ts'
import { one, run, sql } from './sql.ts'

export interface OpenLedger {
  ledger: Ledger
  reading: Reading
  records: Records
}

/** What stands in a ledger from its first moment on: all of it, or there is no project yet. */
export interface Creation {
  project: string
  target: string
  /** Programs of git that stood in the configuration then. */
  trusted?: Readonly<Record<string, string>>
}

interface Options {
  file: string
  machine: string
  now: () => number
  /** Only `init` makes a ledger; a command that reads never does. */
  create?: Creation
  patienceMs?: number
}

export async function openSqlite({ file, machine, now, create, patienceMs = 10_000 }: Options): Promise<OpenLedger> {
  const connection = connect(file, { create: create !== undefined, patienceMs, prepare: (db) => migrate(db, file) })
  const ledger = openLedger(connection, { machine, now })
  const reading = openReading(connection)
  if (create) await ledger.transact(() => found(create, now()))
  else if (!(await hasProject(reading))) throw new DroverError('no-project', { folder: file })
  return { ledger, reading, records: openRecords(connection) }
}

/** Once: who died before this was written is nobody, who comes after it finds it. */
export function* found({ project, target, trusted = {} }: Creation, at: number): Part {
  const row = yield* one(
    sql`insert into project (one, id, target, created_at) values (1, ${project}, ${target}, ${at}) on conflict do nothing returning one`,
  )
  if (row === undefined) return
  for (const [key, value] of Object.entries(trusted))
    yield* run(sql`insert into trusted (key, value) values (${key}, ${value})`)
}

const hasProject = (reading: Reading): Promise<boolean> =>
  reading.project().then(
    () => true,
    (error: unknown) => {
      if (error instanceof TypeError) return false
      throw error
    },
  )
