import { open } from 'node:fs/promises'

interface Tail {
  /** The last lines that are there now. */
  last(most: number): Promise<string[]>
  /** Whole lines that came since. */
  more(): Promise<string[]>
}

const chunk = 64 * 1024

/** The end of a file that grows, read from behind; a file that is not there has no lines. */
export function openTail(path: string): Tail {
  let offset = 0
  let rest: Buffer = Buffer.alloc(0)
  return {
    async last(most) {
      return (
        (await withFile(path, async (read, size) => {
          offset = size
          let found: Buffer = Buffer.alloc(0)
          for (let start = size; start > 0 && count(found) <= most;) {
            const from = Math.max(0, start - chunk)
            found = Buffer.concat([await read(from, start - from), found])
            start = from
          }
          const lines = found.toString('utf8').replace(/\n$/, '').split('\n')
          return most === 0 || found.length === 0 ? [] : lines.slice(-most)
        })) ?? []
      )
    },
    async more() {
      return (
        (await withFile(path, async (read, size) => {
          if (size <= offset) return []
          rest = Buffer.concat([rest, await read(offset, size - offset)])
          offset = size
          const end = rest.lastIndexOf(10) + 1
          const lines = rest.subarray(0, end).toString('utf8').split('\n').slice(0, -1)
          rest = rest.subarray(end)
          return lines
        })) ?? []
      )
    },
  }
}

const count = (text: Buffer): number => text.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0)

type Read = (from: number, length: number) => Promise<Buffer>

async function withFile<T>(path: string, use: (read: Read, size: number) => Promise<T>): Promise<T | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
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
