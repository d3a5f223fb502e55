import { existsSync, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { DroverError } from '../domain/error.ts'
import type { Loan, Part, Query } from '../ports/ledger.ts'
import { explain, isBusy } from './failure.ts'

type Row = Record<string, unknown>

export interface Connection {
  /** Runs the part inside `begin immediate`; waits from a timer while another process writes, never in SQLite. */
  transact<T>(part: () => Part<T>): Promise<T>
  /** Runs a part that only reads, outside a transaction: at once where the database is a file. */
  read<T>(part: () => Part<T>): T | Promise<T>
  /** Grows with every write of any process. */
  version(): number
  /** Changes with every write of any other. */
  foreign(): number
  /** Calls at every write, where the database tells of them; elsewhere `version` must be looked at. */
  listen?(told: () => void): void
  /** How long to wait for a database that cannot be reached. */
  waitFor?(ms: number): void
  close(): void | Promise<void>
}

const openingMs = 10_000

/** `begin immediate` because a transaction that reads first and writes later fails at once under WAL when another wrote between. */
export function connect(
  file: string,
  options: { create: boolean; patienceMs: number; prepare: (db: DatabaseSync) => void },
): Connection {
  if (!options.create && !existsSync(file)) throw new DroverError('no-project', { folder: file })
  if (!options.create && statSync(file).size === 0 && !existsSync(`${file}-wal`))
    throw new DroverError('broken-ledger', { file, problem: 'the file is empty' })
  const db = open(file, options.prepare)
  const statements = new Map<string, StatementSync>()
  const texts = new WeakMap<readonly string[], StatementSync>()
  const [others, changed] = [db.prepare('pragma data_version'), db.prepare('select total_changes() as n')]
  const foreign = (): number => Number(others.get()?.data_version)
  let own = 0

  const statementOf = (query: Query): StatementSync => {
    const known = texts.get(query.texts)
    if (known) return known
    const text = query.texts.join('?')
    const statement = statements.get(text) ?? db.prepare(text)
    statements.set(text, statement)
    if (Object.isFrozen(query.texts)) texts.set(query.texts, statement)
    return statement
  }
  const perform = (query: Query): readonly Row[] => statementOf(query).all(...query.values.map(encode)) as Row[]
  const drain = <T>(part: Part<T>): T => {
    let turn = part.next()
    while (!turn.done) turn = part.next(perform(statementOnly(turn.value)))
    return turn.value
  }
  const once = <T>(part: () => Part<T>): T => {
    db.exec('begin immediate')
    try {
      const result = drain(part())
      db.exec('commit')
      own = Number(changed.get()?.n)
      return result
    } catch (error) {
      if (db.isTransaction) db.exec('rollback')
      throw error
    }
  }

  return {
    async transact(part) {
      const patience = performance.now() + options.patienceMs
      for (;;) {
        try {
          return once(part)
        } catch (error) {
          if (!isBusy(error) || performance.now() > patience) throw explain(error, file)
          await sleep(1 + Math.random() * 8)
        }
      }
    },
    read(part) {
      try {
        return drain(part())
      } catch (error) {
        throw explain(error, file)
      }
    },
    // The pragma counts what others commit, never what this connection does.
    version: () => foreign() + own,
    foreign,
    close: () => {
      if (db.isOpen) db.close()
    },
  }
}

function statementOnly(asked: Query | Loan): Query {
  if ('lend' in asked) throw new TypeError('SQLite has no connection to lend')
  return asked
}

function open(file: string, prepare: (db: DatabaseSync) => void): DatabaseSync {
  try {
    const db = new DatabaseSync(file, { timeout: openingMs })
    db.exec('pragma foreign_keys = on')
    prepare(db)
    db.exec('pragma synchronous = full; pragma busy_timeout = 0')
    return db
  } catch (error) {
    throw explain(error, file)
  }
}

/** Node 22 cuts a text at NUL when it reads it back, so none gets in. */
function encode(value: unknown): string | number | null | Uint8Array {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
  return typeof value === 'boolean' ? Number(value) : (value as number | Uint8Array)
}
