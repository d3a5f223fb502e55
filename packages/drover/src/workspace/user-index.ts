import { copyFile, link, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git, Place } from './git.ts'
import type { Checkout } from './heads.ts'
import { readText } from './small-files.ts'

/** What stands in an `index.lock` of ours, so that a later start never removes one of the user's. */
export const lockWords = (git: Git): string => `${git.mark.replace('=', ' ')}\n`

export const isOurLock = async (git: Git, path: string): Promise<boolean> => readText(path) === lockWords(git)

/** What every copy of a user's index is called; those of a dead drover are found by it. */
export const copyName = 'index.drover'

// Makes names: a landing looks, and at the same moment a task that waits for the checkout.
let looks = 0

const patienceMs = 100
const tries = 30

/** Works on a copy of the user's index, which takes the place of theirs when all went well. Nothing when theirs is locked. */
export async function changeIndex<T>(git: Git, checkout: Checkout, change: Change<T>): Promise<T | undefined> {
  const unlock = await lockIndexes(git, [checkout])
  if (!unlock) return undefined
  try {
    return await changeLocked(checkout, change)
  } finally {
    await unlock()
  }
}

type Change<T> = (place: Place) => Promise<{ put: boolean; value: T }>

/** The same where the lock is held already. */
export const changeLocked = <T>(checkout: Checkout, change: Change<T>): Promise<T> =>
  withCopy(checkout, copyName, change)

/** All of these or none; what it answers gives them back. Nothing when the user's git holds one for longer than a moment. */
export async function lockIndexes(
  git: Git,
  checkouts: readonly Pick<Checkout, 'gitDir'>[],
): Promise<(() => Promise<void>) | undefined> {
  const held: string[] = []
  const unlock = async () => void (await Promise.all(held.map((lock) => rm(lock, { force: true }))))
  for (const lock of checkouts.map(lockOf)) {
    if (!(await takeLock(git, lock))) return void (await unlock())
    held.push(lock)
  }
  return unlock
}

export const lockOf = ({ gitDir }: Pick<Checkout, 'gitDir'>): string => join(gitDir, 'index.lock')

/** The same on a copy that is thrown away: the user's index is not touched, and no lock is needed. */
export const lookAtCopy = <T>(checkout: Checkout, look: (place: Place) => Promise<T>): Promise<T> =>
  withCopy(checkout, `${copyName}-look-${++looks}`, async (place) => ({ put: false, value: await look(place) }))

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

/** It comes into being with its words in it: an empty one, left by a death, would be taken for the user's for ever. */
async function takeLock(git: Git, path: string): Promise<boolean> {
  const draft = join(path, '..', `${copyName}-words-${++looks}`)
  await writeFile(draft, lockWords(git))
  try {
    for (let n = 0; n < tries; n++) {
      if (await isLinked(draft, path)) return true
      await new Promise((resolve) => setTimeout(resolve, patienceMs))
    }
    return false
  } finally {
    await rm(draft, { force: true })
  }
}

const isLinked = (from: string, to: string): Promise<boolean> =>
  link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
