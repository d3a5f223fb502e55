import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

export const makePrivateFolder = (path: string) => mkdirSync(path, { recursive: true, mode: 0o700 })

/**
 * Writes a file that only its owner can read, whole or not at all. It survives the death of every process, but is not
 * forced to the disk: what must survive the machine is in the ledger.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  if (!existsSync(dirname(path))) makePrivateFolder(dirname(path))
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

export async function readFileIfThere(path: string): Promise<string | undefined> {
  return existsSync(path) ? readFile(path, 'utf8').catch(absent) : undefined
}

/** For a line or two: waiting for a thread costs the event loop more than reading them. */
export function readLineIfThere(path: string): string | undefined {
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  } catch (error) {
    return absent(error)
  }
}

function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
}
