import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Event } from '../../src/domain/event.ts'
import { store } from '../../src/ledger/append.ts'
import { taskById } from '../../src/ledger/apply-task.ts'
import { apply } from '../../src/ledger/apply.ts'
import { openSqlite } from '../../src/ledger/open.ts'
import type { Ledger, Part } from '../../src/ports/ledger.ts'
import type { Reading } from '../../src/ports/reading.ts'

export type Tables = Record<string, Record<string, unknown>[]>

/** Columns that tell of the running, not of what happened. */
export const operational: ReadonlySet<string> = new Set(['holder', 'read_offset', 'ended_at', 'said'])
export const told = [
  'task',
  'need',
  'epic',
  'attempt',
  'hint',
  'landing',
  'machine',
  'account',
  'session',
  'question',
  'finding',
  'proposal',
  'event',
] as const

/** What the events of this ledger say, applied one by one to an empty one. */
export async function rebuild(reading: Reading): Promise<Tables> {
  const folder = mkdtempSync(join(tmpdir(), 'drover-rebuild-'))
  const { id, target } = await reading.project()
  const file = join(folder, 'drover.db')
  const { ledger } = await openSqlite({ file, machine: 'rebuilt', now: () => 0, create: { project: id, target } })
  try {
    for (let after = 0; ;) {
      const events = await reading.events(after, {}, 500)
      if (events.length === 0) return tablesOf(file)
      await ledger.transact(function* () {
        for (const event of events) yield* again(event)
      })
      after = events.at(-1)!.seq
    }
  } finally {
    await ledger.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

export function* again(event: Event) {
  const before = event.task !== undefined && event.type !== 'task.created' ? yield* taskById(event.task) : undefined
  yield* apply(yield* store(event, undefined), before)
}

/** What the tables say that events are told in. */
export function tablesOf(file: string): Tables {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return Object.fromEntries(told.map((name) => [name, rowsOf(db, name)]))
  } finally {
    db.close()
  }
}

/** The same of a ledger that is open, on whatever it stands. */
export const tablesIn = (ledger: Ledger): Promise<Tables> =>
  ledger.ask(function* (): Part<Tables> {
    const tables: Tables = {}
    for (const name of told) tables[name] = sorted(yield { texts: [`select * from ${name}`], values: [] })
    return tables
  })

const rowsOf = (db: DatabaseSync, table: string): Record<string, unknown>[] =>
  sorted(db.prepare(`select * from ${table}`).all() as Record<string, unknown>[])

function sorted(rows: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return rows
    .map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => !operational.has(column))))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
