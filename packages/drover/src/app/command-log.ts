import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface CommandLog {
  add(chunk: Buffer): void
  /** The end of what was printed. */
  tail(): string
  close(): void
}

const tailBytes = 16 * 1024
const fileBytes = 50 * 1024 * 1024

/** Takes what a command prints: the beginning and the end go to a file of at most 50 MiB, the end is kept at hand. */
export function openCommandLog(path: string | null): CommandLog {
  const file = path === null ? null : open(path)
  let last = Buffer.alloc(0)
  let written = 0
  let left = 0
  const write = (bytes: Buffer | string) => {
    try {
      if (file !== null) writeSync(file, bytes as Buffer)
    } catch {
      // A full disk costs the log, not the command.
    }
  }
  return {
    // Written at once: a queue would hold in memory what a fast command prints while the disk is slow.
    add(chunk) {
      const kept = chunk.subarray(0, Math.max(0, fileBytes - tailBytes - written))
      written += kept.length
      left += chunk.length - kept.length
      write(kept)
      last = Buffer.concat([last, chunk.subarray(-tailBytes)]).subarray(-tailBytes)
    },
    tail: () => last.toString('utf8'),
    close() {
      if (left > tailBytes) write(`\n… [${left - tailBytes} bytes left out]\n`)
      if (left > 0) write(last.subarray(-left))
      if (file !== null) closeSync(file)
    },
  }
}

function open(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  return openSync(path, 'w', 0o600)
}
