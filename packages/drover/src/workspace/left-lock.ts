import { rm, stat } from 'node:fs/promises'

/** A lock of the user's git lives for moments; one that is older than this, with our own git gone, was left by a dead one. */
const leftAfterMs = 1000

/** Removes a lock that may be the user's, once it is too old for that. */
export async function removeWhenLeft(path: string): Promise<void> {
  for (let seen = await stat(path).catch(() => undefined); seen;) {
    const left = seen.mtimeMs + leftAfterMs - Date.now()
    if (left <= 0) return rm(path, { force: true })
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, leftAfterMs)))
    seen = await stat(path).catch(() => undefined)
  }
}
