import { fit, padded, widthOf } from './width.ts'

export interface Column {
  head: string
  align?: 'right'
  /** Gives way when the terminal is too narrow. */
  shrinks?: true
  paint?: (cell: string, row: number) => string
}

const gap = '  '

/** Rows of text under each other, none wider than the terminal; a head only where a person looks. */
export function columns(
  shape: readonly Column[],
  rows: readonly (readonly string[])[],
  screen: { width: number; heads: boolean },
): string[] {
  const heads = shape.map(({ head }) => head)
  const widths = shape.map((_, i) =>
    Math.max(screen.heads ? widthOf(heads[i]!) : 0, ...rows.map((row) => widthOf(row[i]!))),
  )
  const total = widths.reduce((sum, width) => sum + width, 0) + gap.length * (shape.length - 1)
  const soft = shape.findIndex(({ shrinks }) => shrinks)
  if (soft >= 0) widths[soft] = Math.max(8, widths[soft]! - Math.max(0, total - screen.width))
  const line = (cells: readonly string[], row: number): string =>
    shape
      .map(({ align, paint = same }, i) => {
        const text = fit(cells[i]!, widths[i]!)
        const isLast = i === shape.length - 1 && align === undefined
        const cell = isLast ? text : padded(text, widths[i]!, align)
        return row < 0 ? cell : paint(cell, row)
      })
      .join(gap)
      .trimEnd()
  return [...(screen.heads && rows.length > 0 ? [line(heads, -1)] : []), ...rows.map(line)]
}

const same = (text: string): string => text
