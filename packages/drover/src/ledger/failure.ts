import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { DroverError } from '../domain/error.ts'

const whole = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) : 0
const code = (error: unknown): number => whole(error) & 0xff

// SQLITE_READONLY in all its forms, and of SQLITE_IOERR those of writing: write, fsync, truncate, the shared memory's size.
const isUnwritable = (error: unknown): boolean => code(error) === 8 || [778, 1034, 1546, 4874].includes(whole(error))

/** SQLITE_BUSY and SQLITE_LOCKED: somebody else writes just now. */
export const isBusy = (error: unknown): boolean => code(error) === 5 || code(error) === 6

/** Under WAL, reading too must write beside the file: SQLite then says that it cannot open it. */
function isReadOnly(file: string): boolean {
  try {
    accessSync(file)
  } catch {
    return false
  }
  try {
    for (const path of [file, dirname(file)]) accessSync(path, constants.W_OK)
    return false
  } catch {
    return true
  }
}

/** SQLite's own failures in drover's words; anything else as it came. */
export function explain(error: unknown, file: string): unknown {
  const problem = error instanceof Error ? error.message : String(error)
  if (error instanceof DroverError || code(error) === 0) return error
  if (isBusy(error)) return new DroverError('ledger-busy', { file }, error)
  if (code(error) === 13) return new DroverError('disk-full', { file }, error)
  if (isUnwritable(error) || (code(error) === 14 && isReadOnly(file)))
    return new DroverError('unwritable-ledger', { file, problem }, error)
  return new DroverError('broken-ledger', { file, problem }, error)
}
