import { statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** A longer line is cut, and the rest of it skipped. */
const lineBytes = 1024 * 1024
const chunkBytes = 256 * 1024
const newline = 10
const cut = ' … [cut: this line is longer than 1 MiB]'

export interface Lines {
  lines: string[]
  /** Where to read on: behind a whole line, or inside one that was cut. */
  offset: number
  /** How far the file has been looked at. */
  seen: number
}

/** Reads whole lines, and the half one at the end only once nobody can finish it. */
export async function readLines(
  file: string,
  at: { offset: number; limit: number },
  isOver: () => Promise<boolean>,
): Promise<Lines> {
  if (sizeOf(file) <= at.offset) return { lines: [], offset: at.offset, seen: at.offset }
  await using handle = await open(file, 'r')
  const read = await collect(handle, at, false)
  const hasHalf = read.offset < read.seen
  // Asked after the first reading and before the second: what was written in between is then read too.
  return hasHalf && (await isOver()) ? await collect(handle, at, true) : read
}

async function collect(
  handle: FileHandle,
  { offset, limit }: { offset: number; limit: number },
  atEnd: boolean,
): Promise<Lines> {
  const lines: string[] = []
  let held: Buffer[] = []
  let heldBytes = 0
  let skipping = await isInsideLine(handle, offset)
  let done = offset
  let position = offset
  const finish = (end: number, mark = '') => {
    lines.push(Buffer.concat(held).toString('utf8') + mark)
    held = []
    heldBytes = 0
    done = end
  }
  // The limit may be passed only to complete the first line.
  while (position < offset + limit || done === offset) {
    const room = offset + limit - position
    const chunk = await readAt(handle, position, room > 0 ? Math.min(room, chunkBytes) : chunkBytes)
    if (chunk.length === 0) {
      if (atEnd && heldBytes > 0) finish(position)
      return { lines, offset: done, seen: position }
    }
    for (let from = 0; from < chunk.length;) {
      const found = chunk.indexOf(newline, from)
      const to = found < 0 ? chunk.length : found
      const next = found < 0 ? to : to + 1
      if (!skipping) {
        const part = chunk.subarray(from, Math.min(to, from + lineBytes - heldBytes))
        held.push(part)
        heldBytes += part.length
        if (part.length < to - from) {
          finish(position + next, cut)
          skipping = true
        } else if (found >= 0) finish(position + next)
      }
      if (skipping) {
        done = position + next
        skipping = found < 0
      }
      from = next
      if (done >= offset + limit) return { lines, offset: done, seen: done }
    }
    position += chunk.length
  }
  return { lines, offset: done, seen: done }
}

async function isInsideLine(handle: FileHandle, offset: number): Promise<boolean> {
  return offset > 0 && (await readAt(handle, offset - 1, 1))[0] !== newline
}

async function readAt(handle: FileHandle, position: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size), 0, size, position)
  return buffer.subarray(0, bytesRead)
}

export const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** The end of a file as text, beginning with a whole line where there is one. */
export async function tailOf(file: string, bytes: number): Promise<string> {
  const size = sizeOf(file)
  if (size === 0 || bytes <= 0) return ''
  await using handle = await open(file, 'r')
  const text = (await readAt(handle, Math.max(0, size - bytes), Math.min(size, bytes))).toString('utf8')
  return size > bytes ? text.slice(text.indexOf('\n') + 1) : text
}
