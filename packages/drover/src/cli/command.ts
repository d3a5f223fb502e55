import type { Project } from '../app/open-project.ts'
import type { SettingKey } from '../domain/settings.ts'
import type { Globals } from './parse.ts'
import type { Print } from './print.ts'
import type { Terminal } from './terminal.ts'

export interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: true
  readonly default?: string
  /** What stands for the value in help. */
  readonly arg?: string
  readonly about: string
}

export type Options = Readonly<Record<string, Option>>
type ValueOf<O extends Option> = O extends { type: 'boolean' } ? boolean : O extends { multiple: true } ? string[] : string
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends { default: string } ? string : ValueOf<O[K]> | undefined
}

export type Flags = Partial<Record<SettingKey, unknown>>

/** What a command is given besides its options and words. */
export interface Context {
  terminal: Terminal
  print: Print
  globals: Globals
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

export type AnyValues = Readonly<Record<string, string | boolean | string[] | undefined>>
export interface Command extends Omit<Spec<Options>, 'run'> {
  run(context: Context, values: AnyValues, words: readonly string[]): Promise<number | void>
}

/** Checks a command's types where it is written; outside, its options are data. */
export const command = <const O extends Options>(spec: Spec<O>): Command => spec as unknown as Command

/** Reads `pause <task...>`: how many words the command takes. */
export function wordsWanted(name: string): { least: number; most: number; shown: string[] } {
  const shown = name.match(/[<[][^>\]]+[>\]]/g) ?? []
  const least = shown.filter((word) => word.startsWith('<')).length
  return { least, most: shown.some((word) => word.includes('...')) ? Infinity : shown.length, shown }
}
