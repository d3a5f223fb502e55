import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Place } from './git.ts'
import { exists, isOid, readText } from './refs.ts'
import type { Entry } from './worktree-file.ts'

/** Where git works for this worktree, whatever its `.git` file says by now. */
export const placeOf = (entry: Entry): Place => ({
  cwd: entry.path,
  gitDir: entry.gitDir!,
  worktree: entry.path,
  index: join(entry.gitDir!, 'index'),
})

/** Its folder is there, and is no link to another. */
export async function isThere(entry: Entry): Promise<boolean> {
  return entry.gitDir !== null && ((await lstat(entry.path).catch(() => undefined))?.isDirectory() ?? false)
}

/**
 * Puts back what an agent may have removed or swapped: the `.git` file, and the worktree's folder in the repository.
 * Called when nobody works there, so a lock in it belongs to a dead git.
 */
export async function repair(entry: Entry, runFolder: string): Promise<void> {
  const gitDir = entry.gitDir!
  if (!(await lstat(gitDir).catch(() => undefined))?.isDirectory()) await rm(gitDir, { force: true })
  await mkdir(gitDir, { recursive: true })
  await Promise.all(
    ['index.lock', 'HEAD.lock', 'config.worktree.lock'].map((name) =>
      rm(join(gitDir, name), { force: true, recursive: true }),
    ),
  )
  await put(join(gitDir, 'commondir'), '../..\n')
  await put(join(gitDir, 'gitdir'), `${join(entry.path, '.git')}\n`)
  const head = (await readText(join(gitDir, 'HEAD')))?.trim() ?? ''
  if (!isOid(head) && !/^ref: refs\/[^\s~^:?*[\\]+$/.test(head) && entry.base)
    await put(join(gitDir, 'HEAD'), `${entry.base}\n`)
  if (await isThere(entry)) await putGitFile(entry, runFolder)
}

async function putGitFile(entry: Entry, runFolder: string): Promise<void> {
  const path = join(entry.path, '.git')
  const wanted = `gitdir: ${entry.gitDir}\n`
  const now = await lstat(path).catch(() => undefined)
  if (now?.isFile() && (await readFile(path, 'utf8')) === wanted) return
  if (now) await setAside(path, runFolder)
  await writeFile(path, wanted)
}

/** A repository that an agent put in the place of ours may hold its work. */
async function setAside(path: string, runFolder: string): Promise<void> {
  const folder = join(runFolder, 'found')
  await mkdir(folder, { recursive: true })
  for (let n = 1; ; n++) {
    const target = join(folder, `${basename(join(path, '..'))}.git-${n}`)
    if (await exists(target)) continue
    return rename(path, target)
  }
}

async function put(path: string, text: string): Promise<void> {
  const now = await lstat(path).catch(() => undefined)
  if (now?.isFile() && (await readText(path)) === text) return
  await rm(path, { recursive: true, force: true })
  await writeFile(path, text)
}
