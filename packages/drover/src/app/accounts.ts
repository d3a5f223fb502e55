import { accountIds, accountNameIn } from '../domain/account.ts'
import { DroverError } from '../domain/error.ts'
import type { Hand } from '../domain/hand.ts'
import { nearest } from '../domain/nearest.ts'
import type { AgentSettings } from '../domain/settings.ts'
import type { Driver } from '../ports/driver.ts'

interface Known {
  /** Every agent there is a name for, and those whose program is here. */
  names: readonly string[]
  usable: readonly string[]
  /** Some have a second name. */
  realName(name: string): string
  driverFor(name: string): Driver
  /** Only these accounts, where an agent has several. */
  only: readonly string[] | null
}

type Said = Readonly<Record<string, AgentSettings>>

/** The agents that can work, each with its accounts and with who stands in for it. */
export function handsOf(agents: Said, known: Known): Hand[] {
  const { usable, realName, driverFor, only } = known
  if (only) checkNames(agents, only)
  for (const [agent, { fallback }] of Object.entries(agents)) fallbackOf(agent, fallback, known)
  return usable.map((agent) => {
    const said = agents[agent] ?? agents[realName(agent)]
    const accounts = (said?.accounts ?? []).filter((name) => only === null || isMeant(only, realName(agent), name))
    const isNone = accounts.length === 0 && (said?.accounts.length ?? 0) > 0
    return {
      agent,
      accounts: isNone ? [] : accountIds(realName(agent), accounts),
      picked: null,
      fallback: fallbackOf(agent, said?.fallback ?? '', known),
      anytime: said?.fallback_anytime ?? false,
      tellsCost: driverFor(agent).abilities.cost !== 'none',
    }
  })
}

const isMeant = (only: readonly string[], agent: string, name: string): boolean =>
  only.includes(name) || only.includes(`${agent}/${name}`)

function checkNames(agents: Said, only: readonly string[]): void {
  const known = Object.entries(agents).flatMap(([agent, { accounts }]) => accounts.map((name) => ({ agent, name })))
  for (const word of only)
    if (!known.some(({ agent, name }) => isMeant([word], agent, name)))
      throw new DroverError('no-account', { name: word, known: known.map(({ name }) => name) })
}

/** `codex`, `codex:model`, or another model of its own: `claude:sonnet`. */
function fallbackOf(agent: string, words: string, { names, realName }: Known): Hand['fallback'] {
  if (words === '') return null
  const [, name = '', model = ''] = /^([^:]*):?(.*)$/s.exec(words) ?? []
  const where = `[agents.${agent}] fallback`
  if (!names.includes(name))
    throw new DroverError('bad-setting', {
      where,
      problem: `there is no agent "${name}"`,
      nearest: nearest(name, names)[0],
    })
  if (realName(name) === realName(agent) && model === '')
    throw new DroverError('bad-setting', {
      where,
      problem: `${agent} cannot stand in for itself; "${agent}:model" can`,
    })
  return { agent: realName(name) === realName(agent) ? agent : realName(name), model: model || null }
}

/** What makes the agent work with this account: its configuration folder, and the account's own environment. */
export function envOfAccount(
  said: AgentSettings | undefined,
  driver: Driver,
  account: string | null,
): Record<string, string> {
  const name = account === null ? undefined : accountNameIn(account)
  const own = name === undefined ? undefined : said?.account[name]
  if (!own) return {}
  return { ...(own.config_dir === '' ? {} : driver.configured(own.config_dir)), ...own.env }
}

/** The command that logs in to this account, for a person to type. */
export function loginTo(said: AgentSettings | undefined, driver: Driver, account: string): string | undefined {
  const folder = said?.account[accountNameIn(account) ?? '']?.config_dir ?? ''
  const env = folder === '' ? {} : driver.configured(folder)
  const words = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`)
  return driver.program ? [...words, driver.program.login].join(' ') : undefined
}

const quoted = (text: string): string => (/^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
