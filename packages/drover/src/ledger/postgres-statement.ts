import type { Query } from '../ports/ledger.ts'
import { inPostgres } from './dialect.ts'

interface Statement {
  name: string
  text: string
  values: unknown[]
}

interface Known {
  name: string
  text: string
  /** An insert of one row, around its values: another row may stand beside it. */
  row?: { head: string; tail: string; width: number }
}

const statements = new Map<string, Known>()
const frozen = new WeakMap<readonly string[], Known>()

/** Statements of the same words have one name, so that the server prepares them once for each line. */
export function statementOf({ texts, values }: Query): Statement {
  const { name, text } = known(texts)
  return { name, text, values: values.map(encode) }
}

function known(texts: readonly string[]): Known {
  const found = frozen.get(texts)
  if (found) return found
  const text = inPostgres(texts)
  const made = statements.get(text) ?? named(text)
  statements.set(text, made)
  if (Object.isFrozen(texts)) frozen.set(texts, made)
  return made
}

function named(text: string): Known {
  const name = `d${statements.size}`
  const [, head, row, tail] =
    /^(insert into \w+ \([^()]+\)\s+values )\(([$\d, ]+)\)( on conflict do nothing)?$/.exec(text) ?? []
  if (head === undefined || row === undefined) return { name, text }
  return { name, text, row: { head, tail: tail ?? '', width: row.split(',').length } }
}

/** How many rows one statement takes: each number is a statement of its own, which the server prepares once. */
const sizes = [64, 8] as const

/** The same, in the same order; inserts of the same words that follow each other are one. */
export function statementsOf(queries: readonly Query[]): Statement[] {
  const said: Statement[] = []
  for (let i = 0; i < queries.length;) {
    const together = queries.slice(i, i + sizes[0])
    const other = together.findIndex(({ texts }) => texts !== together[0]!.texts)
    const like = other < 0 ? together.length : other
    const size = known(together[0]!.texts).row ? sizes.find((one) => one <= like) : undefined
    said.push(size === undefined ? statementOf(together[0]!) : manyOf(together.slice(0, size)))
    i += size ?? 1
  }
  return said
}

function manyOf(queries: readonly Query[]): Statement {
  const { name, row } = known(queries[0]!.texts)
  const { head, tail, width } = row!
  const placesOf = (from: number): string =>
    `(${Array.from({ length: width }, (_, i) => `$${from + i + 1}`).join(', ')})`
  const rows = queries.map((_, i) => placesOf(i * width))
  const values = queries.flatMap((query) => query.values.map(encode))
  return { name: `${name}x${queries.length}`, text: `${head}${rows.join(', ')}${tail}`, values }
}

/** PostgreSQL knows no NUL in a text. What is whole in SQLite's columns is whole here; a fraction of a millisecond is not kept. */
function encode(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
  return typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? Math.round(value) : value
}
