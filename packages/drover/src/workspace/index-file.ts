import { readFile } from 'node:fs/promises'

const assumeValid = 0x8000
const extended = 0x4000
const skipWorktree = 0x4000
const gitlinkMode = 0o160000

/**
 * Whether `git add` and `git checkout` see every file of this index, and run nothing inside another repository:
 * no entry is hidden (`--assume-unchanged`, `--skip-worktree`), none is a repository of its own.
 * Read here, because asking git would be a process for every task. 100,000 entries take some milliseconds.
 */
export async function isPlainIndex(path: string, oidBytes: number): Promise<boolean> {
  const bytes = await readFile(path).catch(() => undefined)
  if (!bytes) return true
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'DIRC') return false
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) return false
  const end = walk(bytes, bytes.readUInt32BE(8), oidBytes)
  return end !== undefined && bytes.indexOf('link', end, 'latin1') !== end
}

/** The end of the entries, or nothing when one is not plain. */
function walk(bytes: Buffer, count: number, oidBytes: number): number | undefined {
  let at = 12
  for (let n = 0; n < count; n++) {
    const flagsAt = at + 40 + oidBytes
    if (flagsAt + 4 > bytes.length) return undefined
    const flags = bytes.readUInt16BE(flagsAt)
    const more = (flags & extended) !== 0 ? bytes.readUInt16BE(flagsAt + 2) : 0
    if ((flags & assumeValid) !== 0 || (more & skipWorktree) !== 0 || bytes.readUInt32BE(at + 24) === gitlinkMode) return undefined
    const nameAt = flagsAt + ((flags & extended) !== 0 ? 4 : 2)
    const nameEnd = bytes.indexOf(0, nameAt + (flags & 0xfff))
    if (nameEnd < 0) return undefined
    at += Math.ceil((nameEnd - at + 1) / 8) * 8
  }
  return at
}
