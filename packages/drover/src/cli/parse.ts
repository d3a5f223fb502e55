import { parseArgs } from 'node:util'
import { DroverError } from '../domain/error.ts'
import { nearest } from '../domain/nearest.ts'
import { type ColorMode, colorModes } from './color.ts'
import { type Command, type Row, wordsWanted } from './command.ts'
import { type Globals, globalOptions, readGlobals } from './globals.ts'
import type { AnyValues, Option, Options } from './option.ts'
import { rowNamed, table } from './table.ts'

/** The command that is meant, and what is left of the words when its name is taken out. */
export interface Found {
  row: Row | undefined
  /** The first word, when it names a family of commands (`epic`) but no command. */
  family: string | undefined
  rest: string[]
  wantsHelp: boolean
  wantsVersion: boolean
}

const tokensOf = (args: readonly string[], options: Options) =>
  parseArgs({ args: [...args], options: plain(options), strict: false, allowPositionals: true, tokens: true }).tokens

const plain = (options: Options) =>
  Object.fromEntries(
    Object.entries(options).map(([name, { type, short }]) => [
      name,
      { type, multiple: true, ...(short ? { short } : {}) },
    ]),
  )

/** Finds the command before its options are known: they may stand anywhere, also in front of it. */
export function findCommand(argv: readonly string[]): Found {
  const tokens = tokensOf(argv, globalOptions)
  const asked = (name: string): boolean => tokens.some((token) => token.kind === 'option' && token.name === name)
  const words = tokens.filter((token) => token.kind === 'positional')
  const first = words.findIndex(({ value }) => rowNamed(value) !== undefined || isFamily(value))
  const start = first > 0 && afterUnknownOption(argv, words[0]!.index) ? first : 0
  const [one, two] = words.slice(start)
  const pair = one && two ? rowNamed(`${one.value} ${two.value}`) : undefined
  const row = pair ?? (one && rowNamed(one.value))
  const used = new Set([...(row && one ? [one.index] : []), ...(pair && two ? [two.index] : [])])
  const found = {
    rest: argv.filter((_, index) => !used.has(index)),
    wantsHelp: asked('help'),
    wantsVersion: asked('version'),
  }
  const family = !row && one && isFamily(one.value) ? one.value : undefined
  if (one && !row && !(family && (found.wantsHelp || !two)))
    throw unknownCommand(family && two ? `${one.value} ${two.value}` : one.value)
  return { ...found, row, family }
}

/** `drover --epic e list`: the word behind an option nobody knows yet may be its value. */
const afterUnknownOption = (argv: readonly string[], index: number): boolean =>
  argv[index - 1]?.startsWith('-') === true

export const isFamily = (word: string): boolean => table.some(({ name }) => name.startsWith(`${word} `))

function unknownCommand(name: string): DroverError {
  const names = table.flatMap((row) => [row.name, ...(row.aliases ?? [])])
  return new DroverError('unknown-command', { name, nearest: nearest(name, names) })
}

/** Reads options and words of a command whose options are known now. */
export function parseCommand(
  name: string,
  command: Pick<Command, 'name' | 'options'>,
  rest: readonly string[],
): { globals: Globals; values: AnyValues; words: string[] } {
  const options: Options = { ...globalOptions, ...command.options }
  const values: Record<string, string | boolean | string[]> = {}
  for (const [key, option] of Object.entries(options)) if (option.default !== undefined) values[key] = option.default
  const words: string[] = []
  for (const token of tokensOf(rest, options)) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (!option) throw unknownOption(name, token.rawName, options)
    const value = valueOf(option, token, name)
    const before = values[token.name]
    values[token.name] =
      option.multiple && typeof value === 'string' ? [...(Array.isArray(before) ? before : []), value] : value
  }
  return { globals: readGlobals(values, name), values, words: countWords(name, command.name, words) }
}

function valueOf(
  option: Option,
  token: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
  command: string,
): string | boolean {
  const { rawName, value, inlineValue } = token
  const usage = (problem: string): DroverError => new DroverError('usage', { problem, command })
  if (option.type === 'boolean') {
    if (value !== undefined) throw usage(`${rawName} takes no value`)
    return true
  }
  if (value === undefined) throw usage(`${rawName} needs a value: ${rawName} <${option.arg ?? 'text'}>`)
  if (!inlineValue && /^--?[A-Za-z][\w-]*(=|$)/.test(value))
    throw usage(
      `${rawName} needs a value, and "${value}" looks like an option; if it is the value, write ${rawName}=${value}`,
    )
  return value
}

function unknownOption(command: string, rawName: string, options: Options): DroverError {
  const names = Object.keys(options)
  const near = nearest(rawName.replace(/^-+/, ''), names).map((name) => `--${name}`)
  return new DroverError('unknown-option', { name: rawName, command, nearest: rawName.startsWith('--') ? near : [] })
}

function countWords(name: string, pattern: string, words: string[]): string[] {
  const { least, most, shown } = wordsWanted(pattern)
  const usage = (problem: string): DroverError => new DroverError('usage', { problem, command: name })
  if (words.length < least) throw usage(`drover ${name} needs ${shown.slice(words.length, least).join(' ')}`)
  if (words.length > most)
    throw usage(`drover ${name} takes ${most === 0 ? 'no words' : shown.join(' ')}; "${words[most]}" is too much`)
  return words
}

/** How an error is to be shown, as far as that can be told from words that may be wrong. */
export function guessGlobals(argv: readonly string[]): { json: boolean; color: ColorMode } {
  const own = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length)
  const color = own.find((word) => word.startsWith('--color='))?.slice(8) ?? own[own.indexOf('--color') + 1]
  return {
    json: own.includes('--json'),
    color: (own.some((word) => word.startsWith('--color')) && colorModes.find((mode) => mode === color)) || 'auto',
  }
}
