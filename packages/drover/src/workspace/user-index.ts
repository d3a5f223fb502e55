import { copyFile, open, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git, Place } from './git.ts'
import type { Checkout } from './heads.ts'
import { readText } from './refs.ts'

/** What stands in an `index.lock` of ours, so that a later start never removes one of the user's. */
export const lockWords = (git: Git): string => `${git.mark.replace('=', ' ')}\n`

export const isOurLock = async (git: Git, path: string): Promise<boolean> => (await readText(path)) === lockWords(git)

const patienceMs = 100
const tries = 30

/** Works on a copy of the user's index, which takes the place of theirs when all went well. Nothing when theirs is locked. */
export async function changeIndex<T>(
  git: Git,
  checkout: Checkout,
  change: (place: Place) => Promise<{ put: boolean; value: T }>,
): Promise<T | undefined> {
  const lock = join(checkout.gitDir, 'index.lock')
  if (!(await takeLock(git, lock))) return undefined
  try {
    return await withCopy(checkout, 'index.drover', change)
  } finally {
    await rm(lock, { force: true })
  }
}

/** The same on a copy that is thrown away: the user's index is not touched, and no lock is needed. */
export const lookAtCopy = <T>(checkout: Checkout, look: (place: Place) => Promise<T>): Promise<T> =>
  withCopy(checkout, 'index.drover-look', async (place) => ({ put: false, value: await look(place) }))

async function withCopy<T>(
  checkout: Checkout,
  name: string,
  work: (place: Place) => Promise<{ put: boolean; value: T }>,
): Promise<T> {
  const theirs = join(checkout.gitDir, 'index')
  const copy = join(checkout.gitDir, name)
  await copyIndex(theirs, copy)
  try {
    const { put, value } = await work({
      cwd: checkout.path,
      gitDir: checkout.gitDir,
      worktree: checkout.path,
      index: copy,
      theirs: true,
    })
    if (put) await rename(copy, theirs)
    return value
  } finally {
    await Promise.all([rm(copy, { force: true }), rm(`${copy}.lock`, { force: true })])
  }
}

/** A younger copy would make git believe that files changed in the same moment were seen; an older one only looks closer. */
async function copyIndex(from: string, to: string): Promise<void> {
  await rm(to, { force: true })
  const now = await stat(from).catch(() => undefined)
  if (!now) return
  await copyFile(from, to)
  const seconds = Math.floor(now.mtimeMs / 1000)
  await utimes(to, seconds, seconds)
}

async function takeLock(git: Git, path: string): Promise<boolean> {
  for (let n = 0; n < tries; n++) {
    const file = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    if (file) {
      await file.writeFile(lockWords(git))
      await file.close()
      return true
    }
    await new Promise((resolve) => setTimeout(resolve, patienceMs))
  }
  return false
}
