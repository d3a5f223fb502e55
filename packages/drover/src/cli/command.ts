import type { Project } from '../app/open-project.ts'
import type { SettingKey } from '../domain/settings.ts'
import type { Globals } from './globals.ts'
import type { AnyValues, Options, Values } from './option.ts'
import type { Print } from './print.ts'
import type { Terminal } from './terminal.ts'

export type Flags = Partial<Record<SettingKey, unknown>>

/** What a command is given besides its options and words. */
export interface Context {
  terminal: Terminal
  print: Print
  globals: Globals
  /** Every command, for help. */
  table: readonly Row[]
  /** Opened when it is first asked for, with settings that options of the command set, and closed when it is done. */
  project(flags?: Flags): Promise<Project>
}

interface Spec<O extends Options> {
  /** With its arguments: `pause <task...>`, `list [epic]`. */
  readonly name: string
  readonly summary: string
  /** What help says beyond the summary. */
  readonly about?: string
  readonly options: O
  readonly examples: readonly string[]
  /** Returns the exit code; nothing is 0. */
  run(context: Context, values: Values<O>, words: readonly string[]): Promise<number | void>
}

export interface Command extends Omit<Spec<Options>, 'run'> {
  run(context: Context, values: AnyValues, words: readonly string[]): Promise<number | void>
}

export const groups = ['Setup', 'Tasks', 'Run', 'Intervene', 'Inspect', 'Land'] as const

/** What is known of a command before its file is loaded. */
export interface Row {
  name: string
  aliases?: readonly string[]
  group: (typeof groups)[number]
  summary: string
  load: () => Promise<Command>
}

/** Checks a command's types where it is written; outside, its options are data. */
export const command = <const O extends Options>(spec: Spec<O>): Command => spec as unknown as Command

/** Reads `pause <task...>`: how many words the command takes. */
export function wordsWanted(name: string): { least: number; most: number; shown: string[] } {
  const shown = name.match(/[<[][^>\]]+[>\]]/g) ?? []
  const least = shown.filter((word) => word.startsWith('<')).length
  return { least, most: shown.some((word) => word.includes('...')) ? Infinity : shown.length, shown }
}
