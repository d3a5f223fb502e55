import { statuses, type BlockedReason, type TaskStatus } from './task.ts'

/** How many tasks (sub-tasks left out) stand where. `blockedFor` splits `blocked` by its reason. */
export interface Standing {
  counts: Record<TaskStatus, number>
  blockedFor: Partial<Record<BlockedReason, number>>
  total: number
}

export const emptyCounts = (): Record<TaskStatus, number> =>
  Object.fromEntries(statuses.map((status) => [status, 0])) as Record<TaskStatus, number>

export function standingOf(
  rows: readonly { status: TaskStatus; blockedReason: BlockedReason | null; n: number }[],
): Standing {
  const standing: Standing = { counts: emptyCounts(), blockedFor: {}, total: 0 }
  for (const { status, blockedReason, n } of rows) {
    standing.counts[status] += n
    standing.total += n
    if (blockedReason) standing.blockedFor[blockedReason] = (standing.blockedFor[blockedReason] ?? 0) + n
  }
  return standing
}

/** The four groups that a person reads at a glance; DECISIONS says which status goes where. */
export function glance({ counts, blockedFor }: Standing): {
  running: number
  queued: number
  done: number
  blocked: number
  failed: number
} {
  const waiting = (blockedFor.needs ?? 0) + (blockedFor.checkout ?? 0)
  return {
    running: counts.claimed + counts.in_progress + counts.landing,
    queued: counts.ready + waiting + counts.decomposed,
    done: counts.completed,
    blocked: counts.blocked - waiting + counts.paused,
    failed: counts.failed,
  }
}

/** Completed share of all that still counts, between 0 and 1. */
export function progress({ counts, total }: Standing): number {
  const counted = total - counts.cancelled
  return counted === 0 ? 0 : counts.completed / counted
}

/** Seconds to the end, from how long the last tasks took; nothing from fewer than three. */
export function etaSeconds(standing: Standing, durationsMs: readonly number[], slots: number): number | null {
  const { running, queued } = glance(standing)
  if (durationsMs.length < 3 || running + queued === 0) return null
  const sorted = durationsMs.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]!
  return Math.ceil(((running / 2 + queued) * median) / Math.max(1, slots) / 1000)
}
