import { readFileSync } from 'node:fs'
import { exists } from './small-files.ts'

const assumeValid = 0x8000
const extended = 0x4000
const skipWorktree = 0x4000
const gitlinkMode = 0o160000
/** A longer name says this, and ends where its NUL is. */
const longestSaid = 0xfff

export interface IndexLook {
  /** Entries that `git add` and `git checkout` pass over (`--assume-unchanged`, `--skip-worktree`), or cannot be looked at. */
  hides: boolean
  /** Entries that are repositories of their own, in which git would run a git. */
  gitlinks: boolean
}

/** Read here, because asking git would be a process for every task. 100,000 entries take some milliseconds. */
export function lookAtIndex(path: string, oidBytes: number): IndexLook {
  const bytes = exists(path) ? readFileSync(path) : undefined
  if (!bytes) return { hides: false, gitlinks: false }
  const version = bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'DIRC' ? 0 : bytes.readUInt32BE(4)
  return version === 2 || version === 3 ? walk(bytes, oidBytes) : { hides: true, gitlinks: true }
}

/** Byte by byte, and along the lengths that the entries say: 20,000 of them are a third of a millisecond. */
function walk(bytes: Buffer, oidBytes: number): IndexLook {
  const look: IndexLook = { hides: false, gitlinks: false }
  const gitlink = gitlinkMode >> 8
  let at = 12
  for (let n = bytes.readUInt32BE(8); n > 0; n--) {
    const flagsAt = at + 40 + oidBytes
    if (flagsAt + 4 > bytes.length) return { hides: true, gitlinks: true }
    const flags = (bytes[flagsAt]! << 8) | bytes[flagsAt + 1]!
    const isExtended = (flags & extended) !== 0
    if ((flags & assumeValid) !== 0 || (isExtended && (bytes[flagsAt + 2]! & (skipWorktree >> 8)) !== 0))
      look.hides = true
    if (bytes[at + 26] === gitlink && (bytes[at + 27]! & 0xff) === (gitlinkMode & 0xff)) look.gitlinks = true
    const nameAt = flagsAt + (isExtended ? 4 : 2)
    const length = flags & longestSaid
    const nameEnd = length < longestSaid ? nameAt + length : bytes.indexOf(0, nameAt + length)
    at += (nameEnd - at + 8) & ~7
  }
  // A split index has the rest of its entries elsewhere.
  return bytes.toString('latin1', at, at + 4) === 'link' ? { hides: true, gitlinks: true } : look
}
