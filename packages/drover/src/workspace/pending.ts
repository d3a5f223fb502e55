import type { CheckoutMove } from '../domain/event.ts'
import { readText } from './refs.ts'
import { writeWhole } from './worktree-file.ts'

/** A checkout that is to follow the branch, written down before the branch moves. */
export interface Pending extends CheckoutMove {
  /** A landing that has moved the branch, but not yet this checkout. */
  before: string | null
  /** It was tried, and somebody's edits stood in the way. */
  failed: boolean
}

export interface PendingMoves {
  all(): Promise<Pending[]>
  of(gitDir: string): Promise<Pending | undefined>
  save(pending: Pending): Promise<void>
  drop(gitDir: string): Promise<void>
}

/** In a small file, so that `status` can say cheaply which checkout is behind. */
export function openPending(path: string): PendingMoves {
  const all = async () => parse(await readText(path))
  const put = async (gitDir: string, next: readonly Pending[]) => {
    const others = (await all()).filter((pending) => pending.gitDir !== gitDir)
    await writeWhole(path, `${JSON.stringify([...others, ...next])}\n`)
  }
  return {
    all,
    of: async (gitDir) => (await all()).find((pending) => pending.gitDir === gitDir),
    save: (pending) => put(pending.gitDir, [pending]),
    drop: async (gitDir) => ((await all()).some((pending) => pending.gitDir === gitDir) ? put(gitDir, []) : undefined),
  }
}

function parse(text: string | undefined): Pending[] {
  try {
    return JSON.parse(text ?? '[]') as Pending[]
  } catch {
    return []
  }
}
