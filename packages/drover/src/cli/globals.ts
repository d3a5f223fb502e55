import { DroverError } from '../domain/error.ts'
import { type ColorMode, colorModes } from './color.ts'
import type { AnyValues, Options } from './option.ts'

/** Options that work with every command. */
export const globalOptions = {
  directory: { type: 'string', short: 'C', arg: 'dir', about: 'Work as if started in this folder' },
  config: { type: 'string', arg: 'file', about: 'Read settings from this file instead of .drover.toml' },
  db: { type: 'string', arg: 'url', about: 'Use this ledger instead of .drover/drover.db' },
  json: { type: 'boolean', about: 'Answer with JSON' },
  quiet: { type: 'boolean', short: 'q', about: 'Print results and errors only' },
  verbose: { type: 'boolean', short: 'v', about: 'Print details' },
  color: { type: 'string', arg: 'when', about: 'auto, always or never' },
  yes: { type: 'boolean', short: 'y', about: 'Answer questions with yes' },
  version: { type: 'boolean', short: 'V', about: 'Print the version' },
  help: { type: 'boolean', short: 'h', about: 'Print help' },
} as const satisfies Options

export interface Globals {
  directory: string | undefined
  config: string | undefined
  db: string | undefined
  json: boolean
  quiet: boolean
  verbose: boolean
  color: ColorMode
  yes: boolean
}

export function readGlobals(values: AnyValues, command: string): Globals {
  const text = (key: string): string | undefined => (typeof values[key] === 'string' ? values[key] : undefined)
  const color = text('color') ?? 'auto'
  const mode = colorModes.find((known) => known === color)
  if (!mode) throw new DroverError('usage', { problem: `--color cannot be "${color}": auto, always or never`, command })
  return {
    directory: text('directory'),
    config: text('config'),
    db: text('db'),
    json: values['json'] === true,
    quiet: values['quiet'] === true,
    verbose: values['verbose'] === true,
    color: mode,
    yes: values['yes'] === true,
  }
}
