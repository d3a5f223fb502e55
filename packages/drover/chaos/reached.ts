import { type Cell, nameOf } from './matrix.ts'

/** How far a matrix came: one that leaves a point out proves nothing of it. */
export interface Reach {
  points: number
  /** Deaths that nobody met: the next round may. */
  unmet: readonly Cell[]
  /** Points at which nobody was struck in any way. */
  never: readonly string[]
}

export function reachOf(cells: readonly Cell[], strikes: ReadonlySet<string>): Reach {
  const points = new Set(cells.map(({ point }) => point))
  const met = new Set(cells.filter((cell) => strikes.has(nameOf(cell))).map(({ point }) => point))
  return {
    points: points.size,
    unmet: cells.filter((cell) => !strikes.has(nameOf(cell))),
    never: [...points].filter((point) => !met.has(point)),
  }
}

/** The last words of a matrix. */
export function wordsOf(cells: readonly Cell[], { points, unmet, never }: Reach): string[] {
  return [
    `${points - never.length} of ${points} points were killed at, in ${cells.length - unmet.length} of ${cells.length} ways`,
    ...(unmet.length > 0 ? [`not met: ${unmet.map(nameOf).join(', ')}`] : []),
    ...(never.length > 0 ? [`NEVER KILLED AT, and no reason is given: ${never.join(', ')}`] : []),
  ]
}
