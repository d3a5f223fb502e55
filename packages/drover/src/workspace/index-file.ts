import { readFileSync } from 'node:fs'
import { exists } from './small-files.ts'

const assumeValid = 0x8000
const extended = 0x4000
const skipWorktree = 0x4000
const gitlinkMode = 0o160000

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

function walk(bytes: Buffer, oidBytes: number): IndexLook {
  const look: IndexLook = { hides: false, gitlinks: false }
  let at = 12
  for (let n = bytes.readUInt32BE(8); n > 0; n--) {
    const flagsAt = at + 40 + oidBytes
    if (flagsAt + 4 > bytes.length) return { hides: true, gitlinks: true }
    const flags = bytes.readUInt16BE(flagsAt)
    const isExtended = (flags & extended) !== 0
    if ((flags & assumeValid) !== 0 || (isExtended && (bytes.readUInt16BE(flagsAt + 2) & skipWorktree) !== 0))
      look.hides = true
    if (bytes.readUInt32BE(at + 24) === gitlinkMode) look.gitlinks = true
    const nameEnd = bytes.indexOf(0, flagsAt + (isExtended ? 4 : 2) + (flags & 0xfff))
    at += Math.ceil((nameEnd - at + 1) / 8) * 8
  }
  // A split index has the rest of its entries elsewhere.
  return bytes.toString('latin1', at, at + 4) === 'link' ? { hides: true, gitlinks: true } : look
}
