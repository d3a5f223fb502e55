import { commandDriver } from '../drivers/command.ts'
import { alsoCalled } from '../drivers/known.ts'
import { openDrivers } from '../drivers/drivers.ts'
import { findProgram } from '../drivers/find-program.ts'
import type { Crew } from '../flow/crew.ts'
import type { Driver } from '../ports/driver.ts'
import { environment, type Config } from './load-config.ts'
import type { Places } from './places.ts'

export interface Agents {
  driverFor(name: string): Driver
  agentSettings: Crew['agentSettings']
  envOfAccount: Crew['envOfAccount']
  /** Those whose program is there; `others` are further names of theirs. */
  usable(): string[]
  others: readonly string[]
}

/** The agents of the settings, and whether they can work on this machine. */
export function openAgents({ agents }: Config, { root }: Places): Agents {
  const drivers = openDrivers(agents, [process.execPath, process.argv[1]!])
  const isProgram = (program: string): boolean => findProgram(program, environment.PATH ?? '', root) !== undefined
  return {
    driverFor: (name) => drivers.driverFor(name) ?? commandDriver(name, ''),
    agentSettings: (name) => {
      const said = agents[name] ?? agents[alsoCalled[name] ?? name]
      return { model: said?.model ?? '', permission: said?.permission ?? 'full' }
    },
    envOfAccount: () => ({}),
    others: Object.keys(alsoCalled),
    usable: () => [...drivers.names, ...Object.keys(alsoCalled)].filter((name) => drivers.available(name, isProgram)),
  }
}
