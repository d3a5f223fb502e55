import { DroverError } from '../domain/error.ts'

/** The line to the database broke, or there was none: nobody knows more than that. */
export class Lost extends Error {
  constructor(cause: unknown) {
    super(wordsOf(cause), { cause })
  }
}

/** Node says nothing of its own when a name stands for several addresses and none answers. */
const wordsOf = (error: unknown): string =>
  error instanceof AggregateError && error.message === ''
    ? [...new Set(error.errors.map(wordsOf))].join('; ')
    : error instanceof Error
      ? error.message
      : String(error)

/** What the server itself said has a severity; everything else is the line's own trouble. */
export const stateOf = (error: unknown): string | undefined =>
  error instanceof Error && 'severity' in error && 'code' in error ? String(error.code) : undefined

/** The server goes down, comes up, has no place for another connection, or its line broke. */
const isAway = (state: string): boolean => /^(?:08|57P0[1235]|53300)/.test(state)

export const isLost = (error: unknown): error is Error => error instanceof Lost || isAway(stateOf(error) ?? '')

/** Nobody was at fault, and another try may succeed: it stood in somebody's way, or waited too long for its turn. */
export const isPassing = (error: unknown): boolean => isLost(error) || isBusy(error)
const isBusy = (error: unknown): boolean => ['40001', '40P01', '55P03'].includes(stateOf(error) ?? '')

// No such user, password, database; no right to do it; a server that only reads.
const isRefusal = (state: string): boolean => /^(?:28|3D|42501|25006)/.test(state)

/** PostgreSQL's failures in drover's words. A password is in none of them: the server never tells it, and the url is shown without. */
export function explainPostgres(error: unknown, where: string): unknown {
  if (error instanceof DroverError) return error
  const state = stateOf(error)
  const problem = wordsOf(error)
  if (isLost(error)) return new DroverError('ledger-away', { where, problem }, error)
  if (state === undefined) return error
  if (isBusy(error)) return new DroverError('ledger-busy', { file: where }, error)
  if (state === '53100') return new DroverError('disk-full', { file: where }, error)
  if (isRefusal(state)) return new DroverError('ledger-refused', { where, problem }, error)
  return new DroverError('broken-ledger', { file: where, problem }, error)
}
