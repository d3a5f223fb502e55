import type { Account } from './rows.ts'

/** The ids of an agent's accounts: its own name where the settings name none. */
export const accountIds = (agent: string, names: readonly string[]): string[] =>
  names.length === 0 ? [agent] : names.map((name) => `${agent}/${name}`)

/** The name that the settings give an account; nothing for an agent that has only one. */
export const accountNameIn = (id: string): string | undefined => /^[^/]*\/([^:]*)/.exec(id)?.[1]

/** Another model has a limit of its own, so an account that is used with one rests apart from the account itself. */
export const withModel = (id: string, model: string): string => `${id}:${model}`

type Resting = Pick<Account, 'parkedUntil' | 'parkedAt' | 'why'>

/** Machines do not agree on the time to the second. */
const slackMs = 60_000

/** Nobody works with it now. One that was parked in the future was parked before the clock was set back: trying tells. */
export const isParked = ({ parkedUntil, parkedAt, why }: Resting, now: number): boolean =>
  why !== null && (parkedUntil === null || (parkedUntil > now && parkedAt <= now + slackMs))

/** Whether there is anything to say of it: it rests, or is being tried again. */
export const isNotable = ({ why, room }: Pick<Account, 'why' | 'room'>): boolean => why !== null || room !== null

interface Parking {
  until: number | null
  why: 'limit' | 'auth'
}

/** Why accounts rest, for the story; until when is told beside it, because each reader has a zone of its own. */
export function whyTheyRest(accounts: readonly Pick<Account, 'name' | 'why'>[]): string {
  const named = (why: Account['why']): string =>
    accounts
      .filter((account) => account.why === why)
      .map(({ name }) => name)
      .join(', ')
  const [limit, auth] = [named('limit'), named('auth')]
  return [limit && `${limit} reached a limit`, auth && `nobody is logged in for ${auth}`].filter(Boolean).join('; ')
}

/** Many attempts that reach a limit together park their account once; and who must log in must, whatever the limit is. */
export const adds = (row: Resting | undefined, { until, why }: Parking, at: number): boolean => {
  if (!row || !isParked(row, at)) return true
  if (why === 'auth' || row.parkedUntil === null) return row.why !== 'auth'
  return until === null || until > row.parkedUntil + slackMs
}

const minute = 60_000
const longestMinutes = 30

/**
 * When an account may be tried again: a moment after its reset, so that not every machine comes at once. Where no reset was
 * told, or one that is past, after 1, 2, 4 … 30 minutes, by how often it was parked since it last worked.
 */
export function resetOf({
  until,
  parkings,
  now,
  jitter,
}: {
  until: number | null
  parkings: number
  now: number
  jitter: number
}): number {
  if (until !== null && until > now + 1000) return Math.round(until + 1000 + jitter * 4000)
  const delay = Math.min(2 ** Math.min(parkings, 10), longestMinutes) * minute
  return Math.round(now + delay + jitter * Math.min(delay / 4, slackMs / 2))
}

/** Once it has shown that it works: one attempt, then 2, 4, all. */
export const widened = (room: number): number | null => (room < 4 ? room * 2 : null)
