import { isMet, targetOf, targets, type Found, type Row } from './targets.ts'

export interface Machine {
  cores: number
  filesystem: string
  node: string
  git: string
}

export const shown = (row: Row, value: number): string => {
  const { unit } = targetOf(row)
  const digits = unit === '×' || unit === 's' ? 2 : unit === '' ? 1 : 0
  return `${value.toFixed(digits)}${unit === '' ? '' : unit === '×' ? '×' : ` ${unit}`}`
}

/** The table of the documents, between its two marks. */
export function withTable(page: string, found: Found, machine: Machine): string {
  const rows = (Object.keys(targets) as Row[]).flatMap((row) => {
    const value = found[row]
    if (value === undefined) return []
    const { most, says } = targetOf(row)
    return [
      `| ${says} | ${shown(row, value)} | ${most === undefined ? '' : `≤ ${shown(row, most)}`} | ${verdict(row, value)} |`,
    ]
  })
  const table = [
    `Measured on ${machine.cores} cores, ${machine.filesystem}, Node ${machine.node}, git ${machine.git}.`,
    '',
    '| What | Measured | Target | |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
  const [begin, end] = ['<!-- measured: begin -->', '<!-- measured: end -->']
  const [head, rest] = page.split(begin)
  const tail = rest?.split(end)[1]
  if (head === undefined || tail === undefined) throw new Error('the page has lost its marks')
  return `${head}${begin}\n${table}\n${end}${tail}`
}

const verdict = (row: Row, value: number): string =>
  targetOf(row).most === undefined ? '' : isMet(row, value) ? 'met' : '**missed**'
