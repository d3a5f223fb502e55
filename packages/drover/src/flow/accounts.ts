import { isParked, resetOf, widened } from '../domain/account.ts'
import type { NewEvent } from '../domain/event.ts'
import type { Account } from '../domain/rows.ts'
import type { AttemptEnd } from '../domain/settle.ts'
import type { Crew } from './crew.ts'

/** When the account may be tried again is settled here, once, and written into the event: machines and restarts go by that. */
export async function withReset(
  { reading, clock }: Pick<Crew, 'reading' | 'clock'>,
  end: AttemptEnd,
): Promise<AttemptEnd> {
  if (end.kind !== 'parked' || end.why === 'auth') return end
  const row = (await reading.accounts()).find(({ name }) => name === end.account)
  const now = clock.now()
  // Others have parked it a moment ago, and nobody knows better.
  if (end.until === null && row?.parkedUntil != null && isParked(row, now)) return { ...end, until: row.parkedUntil }
  return { ...end, until: resetOf({ until: end.until, parkings: row?.parkings ?? 0, now, jitter: clock.random() }) }
}

/** The model has answered: an account that was tried again after a rest may be used by more at once. */
export async function showsItWorks(
  { reading, ledger, clock, here }: Pick<Crew, 'reading' | 'ledger' | 'clock' | 'here'>,
  { account, key }: { agent: string; account: string | null; key: string },
): Promise<void> {
  const row = (await reading.accounts()).find(({ name }) => name === account)
  if (!row || row.room === null || isParked(row, clock.now())) return
  const room = widened(row.room)
  const data = { account: row.name, how: 'works', room } as const
  await ledger.append([{ type: 'account.released', data }], { kind: 'machine', name: here.machine, request: key })
}

/** Somebody has logged in meanwhile, or has not: one attempt tells. */
export async function releaseAtStart({ reading, ledger, here, clock }: Crew): Promise<void> {
  const events = releasesOf(await reading.accounts(), 'start', ({ why }) => why === 'auth')
  if (events.length === 0) return
  const request = `${here.machine}/${clock.now()}/start`
  await ledger.append(events, { kind: 'machine', name: here.machine, request })
}

/** Each is tried with one attempt first. */
export const releasesOf = (
  accounts: readonly Account[],
  how: 'now' | 'start',
  which: (account: Account) => boolean,
): NewEvent[] =>
  accounts
    .filter(which)
    .map(({ name }) => ({ type: 'account.released', data: { account: name, how, room: 1 } }) as const)
