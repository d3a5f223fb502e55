import type { CheckoutMove } from '../domain/event.ts'
import { readText, writeWhole } from './small-files.ts'

/** A checkout that is to follow the branch, written down before the branch moves. */
export interface Pending extends CheckoutMove {
  /** A landing that has moved the branch, but not yet this checkout. */
  before: string | null
  /** It was tried, and somebody's edits stood in the way. */
  failed: boolean
}

export interface PendingMoves {
  all(): Pending[]
  of(gitDir: string): Pending | undefined
  save(pending: Pending): void
  drop(gitDir: string): void
}

/** In a small file, so that `status` can say cheaply which checkout is behind. */
export function openPending(path: string): PendingMoves {
  const all = () => parse(readText(path))
  const put = (gitDir: string, next: readonly Pending[]) => {
    const others = all().filter((pending) => pending.gitDir !== gitDir)
    writeWhole(path, `${JSON.stringify([...others, ...next])}\n`, 'flushed')
  }
  return {
    all,
    of: (gitDir) => all().find((pending) => pending.gitDir === gitDir),
    save: (pending) => put(pending.gitDir, [pending]),
    drop: (gitDir) => (all().some((pending) => pending.gitDir === gitDir) ? put(gitDir, []) : undefined),
  }
}

function parse(text: string | undefined): Pending[] {
  try {
    return JSON.parse(text ?? '[]') as Pending[]
  } catch {
    return []
  }
}
