import { DroverError, type ErrorCode } from './error.ts'

const passing: readonly ErrorCode[] = ['disk-full', 'ledger-busy', 'ledger-away', 'remote-away']
const lost: readonly ErrorCode[] = [
  'unwritable-ledger',
  'broken-ledger',
  'ledger-gone',
  'newer-ledger',
  'ledger-refused',
]

const isOneOf = (error: unknown, codes: readonly ErrorCode[]): error is DroverError =>
  error instanceof DroverError && codes.includes(error.code)

/** Whether it passes by itself: a full disk has room again, a busy ledger is free again. */
export const isPassing = (error: unknown): error is DroverError => isOneOf(error, passing)

/** Whether there is no ledger any more to go on with. */
export const isLedgerLost = (error: unknown): error is DroverError => isOneOf(error, lost)
