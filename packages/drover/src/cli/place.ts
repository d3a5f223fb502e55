import { resolve } from 'node:path'
import type { Globals } from './globals.ts'
import type { Terminal } from './terminal.ts'

/** Where and how a project is opened, as the options that work everywhere say. */
export function placeOf({ directory, config, db }: Globals, { cwd }: Terminal) {
  return {
    folder: resolve(cwd, directory ?? '.'),
    ...(config === undefined ? {} : { config: resolve(cwd, config) }),
    ...(db === undefined ? {} : { db }),
  }
}
