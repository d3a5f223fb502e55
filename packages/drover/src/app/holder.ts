import { readFileSync } from 'node:fs'
import { placesBelow, type Places } from './places.ts'

export interface Holder {
  pid: number
  since: string
  kind: 'run' | 'daemon'
  epic: string | null
  workers: number
  socket: string
}

/** Who drives the project, as the holder of its lock wrote down. The lock itself is the truth. */
export function readHolder(places: Places): Holder | undefined {
  try {
    return JSON.parse(readFileSync(placesBelow(places).holder, 'utf8')) as Holder
  } catch {
    return undefined
  }
}
