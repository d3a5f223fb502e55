import { type FileHandle, open } from 'node:fs/promises'

interface Tail {
  /** The last whole lines that are there now, at most so many. */
  last(most: number): Promise<string[]>
  /** Whole lines that came since; a line without an end comes in pieces. */
  more(): Promise<string[]>
  /** What stands behind the last newline, once nobody will finish it. */
  half(): string[]
}

const chunk = 64 * 1024
/** More than this at once is nothing that anybody reads: what is before it is left out. */
const farthest = 1024 * 1024
const newline = 10

/** What lines mean to a person: of some there is nothing to say, of others more than one line. */
export type Reader = (lines: readonly string[]) => string[]

/** Of a protocol's lines few are for people. */
const linesPerLine = 30

/** The end of a file that grows, read from behind; a file that is not there has no lines. */
export function openTail(path: string, read?: Reader): Tail {
  const tail = openRawTail(path)
  if (!read) return tail
  return {
    last: async (most) => (most === 0 ? [] : read(await tail.last(most * linesPerLine)).slice(-most)),
    more: async () => read(await tail.more()),
    half: () => read(tail.half()),
  }
}

function openRawTail(path: string): Tail {
  let offset = 0
  let rest: Buffer = Buffer.alloc(0)

  /** Keeps what is behind the last newline for later; an endless line is not collected for ever. */
  const split = (bytes: Buffer): string[] => {
    const end = bytes.length > farthest ? bytes.length : bytes.lastIndexOf(newline) + 1
    rest = bytes.subarray(end)
    const lines = bytes.subarray(0, end).toString('utf8').split('\n')
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines
  }

  return {
    async last(most) {
      const found = await withFile(path, async (read, size) => {
        offset = size
        const chunks: Buffer[] = []
        let start = size
        for (let count = 0; start > 0 && count <= most && size - start < farthest;) {
          const from = Math.max(0, start - chunk)
          const bytes = await read(from, start - from)
          count += newlinesIn(bytes)
          chunks.unshift(bytes)
          start = from
        }
        const lines = split(Buffer.concat(chunks))
        if (start > 0 && lines.length + (rest.length > 0 ? 1 : 0) <= most) markCut(lines, start)
        return most === 0 ? [] : lines.slice(-most)
      })
      return found ?? []
    },

    async more() {
      const found = await withFile(path, async (read, size) => {
        if (size <= offset) return []
        const from = Math.max(offset, size - farthest)
        const skipped = from - offset
        const bytes = await read(from, size - from)
        offset = size
        if (skipped === 0) return split(Buffer.concat([rest, bytes]))
        rest = Buffer.alloc(0)
        return [leftOut(skipped), ...split(bytes)]
      })
      return found ?? []
    },

    half() {
      const half = rest.toString('utf8')
      rest = Buffer.alloc(0)
      return half === '' ? [] : [half]
    },
  }

  function markCut(lines: string[], bytes: number): void {
    if (lines.length > 0) lines[0] = `${leftOut(bytes)} ${lines[0]}`
    else rest = Buffer.concat([Buffer.from(`${leftOut(bytes)} `), rest])
  }
}

const leftOut = (bytes: number): string => `… [${bytes} bytes left out]`

function newlinesIn(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count++
  return count
}

type Read = (from: number, length: number) => Promise<Buffer>

async function withFile<T>(path: string, use: (read: Read, size: number) => Promise<T>): Promise<T | undefined> {
  const file = await openIfThere(path)
  if (!file) return undefined
  try {
    const { size } = await file.stat()
    return await use(async (from, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from)
      return buffer.subarray(0, bytesRead)
    }, size)
  } finally {
    await file.close()
  }
}

function openIfThere(path: string): Promise<FileHandle | undefined> {
  return open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}
