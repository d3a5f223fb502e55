import { isParked, withModel } from './account.ts'
import type { Account } from './rows.ts'
import type { Task } from './task.ts'

/** An agent that can work here, and what it may work with. */
export interface Hand {
  agent: string
  /** In the order of the settings. */
  accounts: readonly string[]
  /** The account that its `account_command` names: it goes before others, but not before a session's own. */
  picked: string | null
  /** Who works, or with which model, while every account rests. */
  fallback: { agent: string; model: string | null } | null
  /** Also when a session has begun work. */
  anytime: boolean
  /** A session of it that has cost nothing has not begun work: it told what it costs. */
  tellsCost: boolean
}

/** Accounts at one moment. */
export interface AccountsNow {
  /** Those of which there is anything to say. */
  rows: ReadonlyMap<string, Account>
  /** How many attempts with it are not over. */
  open: ReadonlyMap<string, number>
  lastUsed: ReadonlyMap<string, number>
}

/** Who works on a task: `model` is the task's own where it is nothing, the agent's own where it is empty. */
export interface Choice {
  agent: string
  account: string | null
  model: string | null
}

/** What ready tasks wait for that no free account can take on. */
export interface Rest {
  /** Nothing: until somebody has logged in. */
  until: number | null
  accounts: Account[]
}

export interface Choosing {
  hands: readonly Hand[]
  defaultAgent: string
  now: number
}

type Chosen = Pick<Task, 'run' | 'agent' | 'session' | 'sessionAgent' | 'account' | 'usage'>

/** The agent and the account for a task now; nothing while none is free. */
export function choose(task: Chosen, choosing: Choosing, accounts: AccountsNow): Choice | undefined {
  if (task.run !== null) return { agent: 'command', account: null, model: null }
  const hand = handFor(task, choosing)
  if (!hand) return undefined
  const account = best(hand, freeOf(hand, choosing.now, accounts), { task, accounts })
  if (account !== undefined) return { agent: hand.agent, account, model: null }
  return hand.anytime || !hasBegun(task, hand) ? insteadOf(hand, choosing, accounts) : undefined
}

export const handFor = (task: Pick<Task, 'agent'>, { hands, defaultAgent }: Choosing): Hand | undefined =>
  hands.find(({ agent }) => agent === (task.agent ?? defaultAgent))

/** Who may take on what: every task of this agent, or those only that no session has begun. */
export function reachOf(hand: Hand, choosing: Choosing, accounts: AccountsNow): 'all' | 'not begun' | 'nothing' {
  if (freeOf(hand, choosing.now, accounts).length > 0) return 'all'
  if (!insteadOf(hand, choosing, accounts)) return 'nothing'
  return hand.anytime ? 'all' : 'not begun'
}

const hasBegun = ({ session, usage }: Chosen, { tellsCost }: Hand): boolean =>
  session !== null && (!tellsCost || usage.outputTokens > 0)

/** Those that are not parked and have room. */
export const freeOf = ({ accounts: names }: Pick<Hand, 'accounts'>, now: number, accounts: AccountsNow): string[] =>
  names.filter((name) => {
    const row = accounts.rows.get(name)
    return !row || (!isParked(row, now) && (row.room === null || (accounts.open.get(name) ?? 0) < row.room))
  })

/** A session lives in the configuration of its account. Else they take turns: the least busy, then the least recently used. */
function best(
  { agent, picked }: Hand,
  free: readonly string[],
  { task, accounts: { open, lastUsed } }: { task?: Chosen; accounts: AccountsNow },
): string | undefined {
  const own = free.find((name) => task?.session != null && task.sessionAgent === agent && task.account === name)
  return (
    own ??
    free.find((name) => name === picked) ??
    free.toSorted((a, b) => numberOf(open, a) - numberOf(open, b) || numberOf(lastUsed, a) - numberOf(lastUsed, b))[0]
  )
}

const numberOf = (numbers: ReadonlyMap<string, number>, name: string): number => numbers.get(name) ?? 0

/** What the fallback may use: its accounts or, for another model of the same agent, the same ones, which rest apart from it. */
export function fallbackAccounts({ agent, accounts: own, fallback }: Hand, { hands }: Choosing): Hand | undefined {
  if (!fallback) return undefined
  const { model } = fallback
  const hand = hands.find((one) => one.agent === fallback.agent)
  if (fallback.agent !== agent || model === null || !hand) return hand
  return { ...hand, accounts: own.map((name) => withModel(name, model)), picked: null }
}

function insteadOf(hand: Hand, choosing: Choosing, accounts: AccountsNow): Choice | undefined {
  const other = fallbackAccounts(hand, choosing)
  if (!other || !hand.fallback) return undefined
  const isSame = other.agent === hand.agent
  // Who is not logged in is not logged in with another model either.
  const loggedIn = other.accounts.filter((_, i) => !isSame || accounts.rows.get(hand.accounts[i]!)?.why !== 'auth')
  const account = best(other, freeOf({ accounts: loggedIn }, choosing.now, accounts), { accounts })
  return account === undefined
    ? undefined
    : { agent: other.agent, account, model: hand.fallback.model ?? (isSame ? null : '') }
}

/** Accounts that tasks of this agent wait for, and when the first of them may be tried again. */
export function restOf(hand: Hand, choosing: Choosing, { rows }: AccountsNow) {
  const names = [...hand.accounts, ...(fallbackAccounts(hand, choosing)?.accounts ?? [])]
  const resting = names.flatMap((name) => {
    const row = rows.get(name)
    return row && isParked(row, choosing.now) ? [row] : []
  })
  const times = resting.flatMap(({ parkedUntil }) => (parkedUntil === null ? [] : [parkedUntil]))
  return { resting, until: times.length > 0 ? Math.min(...times) : null }
}
