import type { DatabaseSync } from 'node:sqlite'
import { DroverError } from '../domain/error.ts'
import { eventTypes } from '../domain/event.ts'
import { blockedReasons, statuses } from '../domain/task.ts'
import { migrations } from './migrations.ts'

/** "Drvr" in the file's header: tells our ledger from a file that only has our ledger's name. */
const mark = 0x44727672

const number = (db: DatabaseSync, pragma: string): number =>
  Number(Object.values(db.prepare(`pragma ${pragma}`).get() ?? {})[0])

/** Brings the file to the newest schema. Eight processes that do it at once do it one after another. */
export function migrate(db: DatabaseSync, file: string): void {
  if (number(db, 'application_id') === mark && number(db, 'user_version') === migrations.length) return
  if (number(db, 'page_count') > 0 && number(db, 'application_id') !== mark && number(db, 'schema_version') > 0)
    throw new DroverError('not-our-ledger', { file })
  db.exec('pragma journal_mode = wal')
  db.exec('begin immediate')
  try {
    const found = number(db, 'user_version')
    if (found > migrations.length) throw new DroverError('newer-ledger', { file, found, known: migrations.length })
    for (const migration of migrations.slice(found)) db.exec(migration)
    fillWords(db)
    db.exec(`pragma application_id = ${mark}; pragma user_version = ${migrations.length}; commit`)
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}

/** Enumerations are rows, because SQLite cannot alter a CHECK. */
export const words = { status: statuses, reason: blockedReasons, event_type: eventTypes }

function fillWords(db: DatabaseSync): void {
  for (const [table, names] of Object.entries(words)) {
    const insert = db.prepare(`insert or ignore into ${table} (name) values (?)`)
    for (const name of names) insert.run(name)
  }
}
