import type { Launch } from './driver.ts'

/** Wraps what is launched, so that it can reach less. */
export interface Isolation {
  readonly name: string
  wrap(launch: Launch, place: { worktree: string; folder: string }): Launch
}
