import { statSync } from 'node:fs'
import { join } from 'node:path'

// The file keeps its length, so that whoever reads it from an offset reads on: only the disk below the middle is given back.
const cap = 48 * 1024 * 1024
const head = 1024 * 1024
const tail = 24 * 1024 * 1024

/** Punches a hole: `fallocate -p`. False where that is not possible (macOS, some file systems). */
export type Punch = (file: string, from: number, length: number) => Promise<boolean>

/** Gives back the disk that the middle of a very long output takes; its beginning and its end stay. */
export async function capOutput(folder: string, punch: Punch): Promise<void> {
  for (const file of [join(folder, 'out'), join(folder, 'err')]) {
    const found = statSync(file, { throwIfNoEntry: false })
    if (found && found.size > cap && found.blocks * 512 > cap) await punch(file, head, found.size - head - tail)
  }
}
