import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'

/** Where a program is: on the PATH, or by its own path seen from the folder. No process is started. */
export function findProgram(program: string, path: string, folder: string): string | undefined {
  const places = program.includes('/')
    ? [program]
    : path
        .split(':')
        .filter(Boolean)
        .map((place) => join(place, program))
  return places.map((place) => (isAbsolute(place) ? place : resolve(folder, place))).find(canRun)
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
