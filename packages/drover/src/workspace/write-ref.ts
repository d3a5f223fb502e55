import { closeSync, fsync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { exists, lookAt, readText } from './small-files.ts'

export interface RefChange {
  ref: string
  from: string | undefined
  to: string
}

/**
 * Points one loose ref of ours elsewhere, as git does it: `<ref>.lock` made alone, flushed, renamed. Of a task's eight
 * processes it saves one. False where git had better do it: somebody holds the lock, a folder or a packed ref is in the way.
 */
export async function writeRef(common: string, { ref, from, to }: RefChange): Promise<boolean> {
  const path = join(common, ref)
  if (exists(join(common, 'reftable')) || lookAt(path)?.isDirectory()) return false
  // A packed ref may be what this one was, or lie across its path.
  if (from === undefined && readText(join(common, 'packed-refs'))?.includes(ref)) return false
  const lock = `${path}.lock`
  if (!make(lock)) return false
  try {
    if (readText(path)?.trim() !== from) return giveUp(lock)
    await flush(lock, `${to}\n`)
    renameSync(lock, path)
    return true
  } catch (error) {
    giveUp(lock)
    throw error
  }
}

function make(lock: string): boolean {
  try {
    mkdirSync(dirname(lock), { recursive: true })
    closeSync(openSync(lock, 'wx', 0o644))
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'ENOENT') return false
    throw error
  }
}

/** Only the disk is waited for: opening and closing through the pool of threads takes longer than all the rest. */
async function flush(path: string, text: string): Promise<void> {
  const file = openSync(path, 'r+')
  try {
    writeSync(file, text)
    await synced(file)
  } finally {
    closeSync(file)
  }
}

const synced = promisify(fsync)

function giveUp(lock: string): false {
  rmSync(lock, { force: true })
  return false
}
