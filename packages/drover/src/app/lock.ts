import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { DroverError } from '../domain/error.ts'
import { readHolder } from './holder.ts'
import { placesBelow, type Places } from './places.ts'

export interface Lock {
  release(): void
}

/**
 * The right to change this project's refs and worktrees. SQLite's lock on a file of its own: the kernel gives it back
 * when the process dies, however it dies, so there is no stale lock and no guess about pids.
 */
export function tryLock(places: Places): Lock | undefined {
  const file = placesBelow(places).lock
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec('pragma locking_mode = exclusive; begin exclusive')
    return { release: () => db.close() }
  } catch (error) {
    db.close()
    if ((error as { errcode?: number }).errcode === 5) return undefined
    throw error
  }
}

/** Who only looks, or tidies up for a moment, holds it too: that is waited for. A driver says so on its card. */
const othersMs = 2_000

export async function lock(places: Places, what: string): Promise<Lock> {
  for (const deadline = performance.now() + othersMs; ; await sleep(20)) {
    const held = tryLock(places)
    if (held) return held
    const holder = readHolder(places)
    if ((holder && isLiving(holder.pid)) || performance.now() > deadline) break
  }
  const holder = readHolder(places)
  throw new DroverError('already-running', {
    pid: holder?.pid ?? 0,
    since: holder?.since ?? 'a moment ago',
    what: holder?.kind === 'run' ? 'a run' : what,
  })
}

export function isLiving(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether somebody drives the project now. */
export function isHeld(places: Places): boolean {
  const held = tryLock(places)
  held?.release()
  return held === undefined
}
