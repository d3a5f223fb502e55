import { fstatSync, writeSync } from 'node:fs'
import type { Output } from './terminal.ts'

/**
 * Writes into a pipe or a file without Node's streams: those take 4 ms to load, a sixth of a whole start, and are synchronous there too.
 * A terminal, and whatever else it may be, gets the stream.
 */
export function directOutput(fd: 1 | 2, stream: () => Output, cannot: (error: NodeJS.ErrnoException) => void): Output {
  if (!isWrittenAtOnce(fd)) return stream()
  let instead: Output | undefined
  return {
    write(text) {
      if (instead) return void instead.write(text)
      let rest: Uint8Array = Buffer.from(text)
      try {
        while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest))
      } catch (error) {
        // Somebody who shares the pipe made it non-blocking, and it is full: waiting is what streams are for.
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') (instead = stream()).write(rest)
        else cannot(error as NodeJS.ErrnoException)
      }
    },
  }
}

function isWrittenAtOnce(fd: number): boolean {
  try {
    const stat = fstatSync(fd)
    return stat.isFIFO() || stat.isSocket() || stat.isFile()
  } catch {
    return false // it was closed
  }
}
