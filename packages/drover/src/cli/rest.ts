import { untilTime } from '../app/local-time.ts'
import { isNotable, isParked } from '../domain/account.ts'
import type { Account } from '../domain/rows.ts'
import { isoTime } from './json.ts'

/** `⏳ claude until 17:01`, or how it is tried again. */
export function restWords({ name, parkedUntil, room, ...account }: Account, now: number, ascii: boolean): string {
  const sign = ascii ? '' : '⏳ '
  if (!isParked({ parkedUntil, ...account }, now))
    return `${sign}${name} is tried again with ${room === 1 ? 'one attempt' : `${room} attempts`}`
  return parkedUntil === null
    ? `${sign}${name} until somebody has logged in`
    : `${sign}${name} until ${untilTime(parkedUntil, now)}`
}

/** Those that rest now, shortly: for a line that has other things to say. */
export const parkedWords = (accounts: readonly Account[], now: number, ascii: boolean): string[] =>
  accounts.filter((account) => isParked(account, now)).map((account) => restWords(account, now, ascii))

export const notable = (accounts: readonly Account[]): Account[] => accounts.filter(isNotable)

export const accountJson = ({ name, agent, parkedUntil, why, text, parkedAt, room }: Account, now: number) => ({
  name,
  agent,
  parked: isParked({ parkedUntil, why, parkedAt }, now),
  parkedUntil: isoTime(parkedUntil),
  why,
  text,
  parkedAt: isoTime(parkedAt),
  room,
})
