import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Place } from './git.ts'
import { isOid } from './refs.ts'
import { exists, lookAt, readText } from './small-files.ts'
import type { Entry } from './worktree-file.ts'

/** Where git works for this worktree, whatever its `.git` file says by now. */
export const placeOf = (entry: Entry): Place => ({
  cwd: entry.path,
  gitDir: entry.gitDir!,
  worktree: entry.path,
  index: join(entry.gitDir!, 'index'),
})

let copies = 0

/** On a copy of its index, because an agent may be at work there. */
export async function onCopy<T>(
  { runFolder }: { runFolder: string },
  entry: Entry,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const place = placeOf(entry)
  const copy = join(runFolder, `look${entry.name}-${process.pid}-${++copies}.index`)
  try {
    await copyFile(place.index!, copy).catch(() => undefined)
    return await work({ ...place, index: copy })
  } finally {
    await Promise.all([rm(copy, { force: true }), rm(`${copy}.lock`, { force: true })])
  }
}

/** Its folder is there, and is no link to another. */
export const isThere = (entry: Entry): boolean => entry.gitDir !== null && (lookAt(entry.path)?.isDirectory() ?? false)

/**
 * Puts back what an agent may have removed or swapped: the `.git` file, and the worktree's folder in the repository.
 * Called when nobody works there, so a lock in it belongs to a dead git.
 */
export function repair(entry: Entry, runFolder: string): void {
  const gitDir = entry.gitDir!
  if (!lookAt(gitDir)?.isDirectory()) {
    rmSync(gitDir, { force: true })
    mkdirSync(gitDir, { recursive: true })
  }
  for (const name of ['index.lock', 'HEAD.lock', 'config.worktree.lock']) remove(join(gitDir, name))
  put(join(gitDir, 'commondir'), '../..\n')
  put(join(gitDir, 'gitdir'), `${join(entry.path, '.git')}\n`)
  const head = readText(join(gitDir, 'HEAD'))?.trim() ?? ''
  if (!isOid(head) && !/^ref: refs\/[^\s~^:?*[\\]+$/.test(head) && entry.base)
    put(join(gitDir, 'HEAD'), `${entry.base}\n`)
  if (isThere(entry)) putGitFile(entry, runFolder)
}

/** Whatever it is. Looked for first: most often there is nothing. */
export function remove(path: string): void {
  if (exists(path)) rmSync(path, { recursive: true, force: true })
}

function putGitFile(entry: Entry, runFolder: string): void {
  const path = join(entry.path, '.git')
  const wanted = `gitdir: ${entry.gitDir}\n`
  const now = lookAt(path)
  if (now?.isFile() && readText(path) === wanted) return
  if (now) setAside(path, runFolder)
  writeFileSync(path, wanted)
}

/** A repository that an agent put in the place of ours may hold its work. */
function setAside(path: string, runFolder: string): void {
  const folder = join(runFolder, 'found')
  mkdirSync(folder, { recursive: true })
  for (let n = 1; ; n++) {
    const target = join(folder, `${basename(join(path, '..'))}.git-${n}`)
    if (exists(target)) continue
    return moveTo(path, target)
  }
}

/** Worktrees may live on another disk, where nothing can be renamed to. */
function moveTo(path: string, target: string): void {
  try {
    renameSync(path, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    rmSync(`${target}.new`, { recursive: true, force: true })
    cpSync(path, `${target}.new`, { recursive: true, verbatimSymlinks: true })
    renameSync(`${target}.new`, target)
    rmSync(path, { recursive: true, force: true })
  }
}

function put(path: string, text: string): void {
  if (lookAt(path)?.isFile() && readText(path) === text) return
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, text)
}
