import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Evidence } from '../ports/judge.ts'

const mostBytes = 1024 * 1024

/** What a file in the worktree claims: its text, `unreadable`, or nothing when the attempt has not written it. */
export async function readClaim(
  { worktree, claims }: Evidence,
  name: string,
): Promise<{ text: string } | 'unreadable' | undefined> {
  // One that came with the repository says nothing about this attempt.
  if (!claims.includes(name)) return undefined
  let file: FileHandle | undefined
  try {
    // Neither a link out of the worktree nor a pipe that is never written to.
    file = await open(join(worktree, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = await file.stat()
    if (!found.isFile()) return 'unreadable'
    const size = Math.min(found.size, mostBytes)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0)
    return { text: buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '') }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'unreadable'
  } finally {
    await file?.close()
  }
}
