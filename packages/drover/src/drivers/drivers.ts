import type { AgentSettings } from '../domain/settings.ts'
import type { Driver } from '../ports/driver.ts'
import { acpDriver } from './acp.ts'
import { commandDriver } from './command.ts'
import { alsoCalled, known } from './known.ts'
import type { Words } from './words.ts'

export interface Drivers {
  /** Every agent that has a name here. */
  readonly names: readonly string[]
  driverFor(name: string): Driver | undefined
  /** Whether the agent's program is there; `isProgram` looks it up on the PATH. */
  available(name: string, isProgram: (program: string) => boolean): boolean
}

type Said = Partial<AgentSettings>

/** The drivers of all agents: those that drover knows, and those the settings name or change. `self` runs drover itself. */
export function openDrivers(agents: Readonly<Record<string, Said>>, self: readonly string[] = []): Drivers {
  const saidOf = (name: string): Said => agents[name] ?? agents[alsoCalled[name] ?? name] ?? {}
  const made = new Map<string, Driver | undefined>()
  const driverFor = (name: string): Driver | undefined => {
    if (!made.has(name)) made.set(name, driverOf(alsoCalled[name] ?? name, saidOf(name), self))
    return made.get(name)
  }
  return {
    names: [...new Set([...Object.keys(known), ...Object.keys(agents)])].filter(driverFor),
    driverFor,
    available(name, isProgram) {
      const driver = driverFor(name)
      const program = driver && programOf(saidOf(name).command || saidOf(name).acp || driver.program?.name || '')
      return driver !== undefined && (program === undefined || (program !== '' && isProgram(program)))
    },
  }
}

/** A command of the user's own comes first, then ACP, then what drover knows. */
function driverOf(name: string, said: Said, self: readonly string[]): Driver | undefined {
  const { command = '', acp = '', path = '', args = [], env = {}, mcp = 'drover' } = said
  if (command !== '') return commandDriver(name, command, env)
  const words = (program: string): Words => ({ path: path || program, args, env, self, ownServers: mcp === 'own' })
  if (acp !== '') return acpDriver(name, { ...words('sh'), args: ['-c', `exec ${acp} "$@"`, 'sh', ...args] })
  return Object.hasOwn(known, name) ? known[name]!(words(name)) : undefined
}

const byTheShell = new Set(
  '. : [ ! { ( case cd command eval exec export for if set source test trap umask unset until while'.split(' '),
)

/** The program that a shell command begins with; nothing when only the shell can tell. */
export function programOf(command: string): string | undefined {
  const word = command.split(/\s+/).find((one) => one !== '' && !/^[A-Za-z_]\w*=\S*$/.test(one)) ?? ''
  return byTheShell.has(word) || /["'`$\\(){}<>|&;*?~]/.test(word) ? undefined : word
}
