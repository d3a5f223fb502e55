import { isParked } from '../domain/account.ts'
import { type AccountsNow, type Choosing, type Hand, type Rest, restOf } from '../domain/hand.ts'
import type { Account } from '../domain/rows.ts'
import type { Part } from '../ports/ledger.ts'
import { decodeAccount } from './columns.ts'
import { all, one, sql } from './sql.ts'

export function* accountNamed(name: string): Part<Account | undefined> {
  const row = yield* one<Record<string, unknown>>(sql`select * from account where name = ${name}`)
  return row && decodeAccount(row)
}

/** One tiny query, as long as nobody ever reached a limit and no agent has several accounts. */
export function* accountsNow(hands: readonly Hand[]): Part<AccountsNow> {
  const rows = (yield* all<Record<string, unknown>>(sql`select * from account`)).map(decodeAccount)
  const taking = hands.flatMap(({ accounts }) => (accounts.length > 1 ? accounts : []))
  return {
    rows: new Map(rows.map((row) => [row.name, row])),
    open: rows.length + taking.length > 0 ? yield* openAttempts() : new Map<string, number>(),
    lastUsed: yield* lastUses(new Set(taking)),
  }
}

function* openAttempts(): Part<Map<string, number>> {
  const rows = yield* all<{ account: string | null }>(sql`select account from attempt where ended_at is null`)
  const open = new Map<string, number>()
  for (const { account } of rows) if (account !== null) open.set(account, (open.get(account) ?? 0) + 1)
  return open
}

function* lastUses(names: ReadonlySet<string>): Part<Map<string, number>> {
  const last = new Map<string, number>()
  for (const name of names) {
    const row = yield* one<{ at: number | null }>(
      sql`select max(claimed_at) as at from attempt where account = ${name}`,
    )
    if (row?.at != null) last.set(name, row.at)
  }
  return last
}

/** What ready tasks wait for that no free account can take on; nothing where none does. */
export function* restOfReady(choosing: Choosing & { epic: string | null }): Part<Rest | undefined> {
  const accounts = yield* accountsNow(choosing.hands)
  if (![...accounts.rows.values()].some((row) => isParked(row, choosing.now))) return undefined
  const found: Rest = { until: null, accounts: [] }
  for (const hand of choosing.hands) {
    const { resting, until } = restOf(hand, choosing, accounts)
    if (resting.length === 0 || !(yield* isAwaited(hand.agent, choosing))) continue
    found.accounts.push(...resting.filter((row) => !found.accounts.includes(row)))
    if (until !== null) found.until = Math.min(until, found.until ?? until)
  }
  return found.accounts.length > 0 ? found : undefined
}

/** Whether a ready task names this agent, or none and this one is meant. In the words of the index `task_ready`. */
function* isAwaited(
  agent: string,
  { epic, defaultAgent }: { epic: string | null; defaultAgent: string },
): Part<boolean> {
  for (const queue of agent === defaultAgent ? [agent, ''] : [agent]) {
    const row = yield* one(
      sql`select 1 as found from task where status = 'ready' and kind <> 'subtask'
        and case when run is not null then '$' else coalesce(agent, '') end = ${queue} and (${epic} is null or epic_id = ${epic}) limit 1`,
    )
    if (row) return true
  }
  return false
}
