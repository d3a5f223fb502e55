import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, lstat, readdir, readlink, rm } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Entry } from './worktree-file.ts'

/** Paths of `worktree.cache` that stay inside the worktree. */
export const cachePaths = (paths: readonly string[]): string[] =>
  paths
    .map((path) => normalize(path).replace(/\/+$/, ''))
    .filter((path) => path !== '.' && !path.startsWith('..') && !path.startsWith('/') && path !== '.git')

/** The caches that still hold exactly what the set-up left: an agent may have written into the others. */
export async function verifiedCaches(entry: Entry, paths: readonly string[]): Promise<string[]> {
  const same = await Promise.all(
    paths.map(
      async (path) => entry.caches[path] !== undefined && entry.caches[path] === (await hashOf(join(entry.path, path))),
    ),
  )
  return paths.filter((_, n) => same[n])
}

export async function hashCaches(entry: Entry, paths: readonly string[]): Promise<Record<string, string>> {
  const hashes = await Promise.all(paths.map(async (path) => [path, await hashOf(join(entry.path, path))] as const))
  return Object.fromEntries(hashes.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

/** The hash of all that is under this path: names, modes and contents. */
async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  const found = await feed(path, '', (text) => hash.update(text))
  return found ? hash.digest('hex') : undefined
}

async function feed(path: string, name: string, take: (text: string) => void): Promise<boolean> {
  const now = await lstat(path).catch(() => undefined)
  if (!now) return false
  take(`${name}\0${now.mode}\0`)
  if (now.isSymbolicLink()) take(`${await readlink(path)}\0`)
  else if (now.isFile()) take(`${await hashFile(path)}\0`)
  else if (now.isDirectory())
    for (const child of (await readdir(path)).toSorted()) await feed(join(path, child), `${name}/${child}`, take)
  return true
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Removes a folder whatever its modes are; a folder that is written to meanwhile is tried again. */
export async function removeAll(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  } catch {
    await makeWritable(path)
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

async function makeWritable(path: string): Promise<void> {
  if (!(await lstat(path).catch(() => undefined))?.isDirectory()) return
  await chmod(path, 0o700).catch(() => undefined)
  for (const child of await readdir(path).catch(() => [])) await makeWritable(join(path, child))
}
