import type { AgentSettings } from '../domain/settings.ts'
import type { Driver } from '../ports/driver.ts'
import { commandDriver } from './command.ts'
import { alsoCalled, presets } from './presets.ts'

export interface Drivers {
  /** Every agent that has a name here. */
  readonly names: readonly string[]
  driverFor(name: string): Driver | undefined
  /** Whether the agent's program is there; `isProgram` looks it up on the PATH. */
  available(name: string, isProgram: (program: string) => boolean): boolean
}

/** The drivers of all agents: those that drover knows, and those the settings name or change. */
export function openDrivers(agents: Readonly<Record<string, Partial<AgentSettings>>>): Drivers {
  const wordsOf = (name: string): Pick<AgentSettings, 'command' | 'env'> | undefined => {
    const real = alsoCalled[name] ?? name
    const said = agents[name] ?? agents[real]
    const command = said?.command || own(presets, real)?.command
    return command ? { command, env: { ...own(presets, real)?.env, ...said?.env } } : undefined
  }
  return {
    names: [...new Set([...Object.keys(presets), ...Object.keys(agents)])].filter(wordsOf),
    driverFor(name) {
      const words = wordsOf(name)
      return words && commandDriver(alsoCalled[name] ?? name, words.command, words.env)
    },
    available(name, isProgram) {
      const program = programOf(wordsOf(name)?.command ?? '')
      return program === undefined || (program !== '' && isProgram(program))
    },
  }
}

const own = <V>(table: Readonly<Record<string, V>>, name: string): V | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

const byTheShell = new Set(
  '. : [ ! { ( case cd command eval exec export for if set source test trap umask unset until while'.split(' '),
)

/** The program that a shell command begins with; nothing when only the shell can tell. */
export function programOf(command: string): string | undefined {
  const word = command.split(/\s+/).find((one) => one !== '' && !/^[A-Za-z_]\w*=\S*$/.test(one)) ?? ''
  return byTheShell.has(word) || /["'`$\\(){}<>|&;*?~]/.test(word) ? undefined : word
}
