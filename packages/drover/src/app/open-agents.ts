import { commandDriver } from '../drivers/command.ts'
import { alsoCalled } from '../drivers/known.ts'
import { openDrivers } from '../drivers/drivers.ts'
import { findProgram } from '../drivers/find-program.ts'
import type { Hand } from '../domain/hand.ts'
import type { Crew } from '../flow/crew.ts'
import type { Driver } from '../ports/driver.ts'
import { envOfAccount, handsOf, loginTo } from './accounts.ts'
import { environment, type Config } from './load-config.ts'
import type { Places } from './places.ts'

export interface Agents {
  driverFor(name: string): Driver
  agentSettings: Crew['agentSettings']
  envOfAccount: Crew['envOfAccount']
  /** Every agent that has a name here. */
  names: readonly string[]
  /** Where a program is, if it is here. */
  find(program: string): string | undefined
  /** Those whose program is there; `others` are further names of theirs. */
  usable(): string[]
  others: readonly string[]
  /** The usable ones with their accounts; only these accounts, where an agent has several. */
  hands(only?: readonly string[] | null): Hand[]
  /** The command that logs in to this account, where it is known. */
  login(agent: string, account: string): string | undefined
  /** The command that prints the account to use; empty where there is none. */
  accountCommand(agent: string): string
}

const realName = (name: string): string => alsoCalled[name] ?? name

/** The agents of the settings, and whether they can work on this machine. */
export function openAgents({ agents }: Config, { root }: Places): Agents {
  const drivers = openDrivers(agents, [process.execPath, process.argv[1]!])
  const saidOf = (name: string) => agents[name] ?? agents[realName(name)]
  const find = (program: string): string | undefined => findProgram(program, environment.PATH ?? '', root)
  const isProgram = (program: string): boolean => find(program) !== undefined
  const names = [...drivers.names, ...Object.keys(alsoCalled)]
  const driverFor = (name: string): Driver => drivers.driverFor(name) ?? commandDriver(name, '')
  const usable = (): string[] => names.filter((name) => drivers.available(name, isProgram))
  return {
    driverFor,
    names,
    find,
    agentSettings: (name) => {
      const said = saidOf(name)
      return { model: said?.model ?? '', permission: said?.permission ?? 'full' }
    },
    others: Object.keys(alsoCalled),
    usable,
    hands: (only = null) => handsOf(agents, { names, usable: usable(), realName, driverFor, only }),
    envOfAccount: (agent, account) => envOfAccount(saidOf(agent), driverFor(agent), account),
    login: (agent, account) => loginTo(saidOf(agent), driverFor(agent), account),
    accountCommand: (agent) => saidOf(agent)?.account_command ?? '',
  }
}
