import type { Part, Query } from '../ports/ledger.ts'

type Value = string | number | boolean | null | Uint8Array

/** A statement with its values apart. A statement may stand inside another one. */
export function sql(texts: readonly string[], ...values: readonly (Value | Query)[]): Query {
  if (!values.some(isQuery)) return { texts, values }
  const flat = { texts: [texts[0]!], values: [] as unknown[] }
  values.forEach((value, i) => {
    if (isQuery(value)) weave(flat, value)
    else {
      flat.values.push(value)
      flat.texts.push('')
    }
    flat.texts[flat.texts.length - 1] += texts[i + 1]!
  })
  return flat
}

const isQuery = (value: unknown): value is Query => typeof value === 'object' && value !== null && 'texts' in value

function weave(flat: { texts: string[]; values: unknown[] }, inner: Query): void {
  flat.texts[flat.texts.length - 1] += inner.texts[0]!
  inner.values.forEach((value, i) => {
    flat.values.push(value)
    flat.texts.push(inner.texts[i + 1]!)
  })
}

/** Words of the statement itself (column names of ours), never anything from outside. */
export const raw = (text: string): Query => ({ texts: [text], values: [] })

export const join = (queries: readonly Query[], between: string): Query =>
  queries.reduce((joined, query, i) => (i === 0 ? query : sql`${joined}${raw(between)}${query}`), raw(''))

export function* all<R>(query: Query): Part<R[]> {
  return (yield query) as unknown as R[]
}

export function* one<R>(query: Query): Part<R | undefined> {
  return (yield query)[0] as R | undefined
}

export function* run({ texts, values }: Query): Part {
  yield { texts, values, silent: true }
}
