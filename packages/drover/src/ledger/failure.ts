import { DroverError } from '../domain/error.ts'

const code = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : 0

/** SQLITE_BUSY and SQLITE_LOCKED: somebody else writes just now. */
export const isBusy = (error: unknown): boolean => code(error) === 5 || code(error) === 6

/** SQLite's own failures in drover's words; anything else as it came. */
export function explain(error: unknown, file: string): unknown {
  const problem = error instanceof Error ? error.message : String(error)
  if (error instanceof DroverError || code(error) === 0) return error
  if (isBusy(error)) return new DroverError('ledger-busy', { file }, error)
  if (code(error) === 13) return new DroverError('disk-full', { file }, error)
  return new DroverError('broken-ledger', { file, problem }, error)
}
