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

const [begin, end] = ['<!-- measured: begin -->', '<!-- measured: end -->']

/** The table of the documents, between its two marks. Rows that were not measured now stay, if this is the same machine. */
export function withTable(page: string, found: Found, machine: Machine): string {
  const [head, rest] = page.split(begin)
  const [old, tail] = rest?.split(end) ?? []
  if (head === undefined || old === undefined || tail === undefined) throw new Error('the page has lost its marks')
  const where = `Measured on ${machine.cores} cores, ${machine.filesystem}, Node ${machine.node}, git ${machine.git}.`
  const kept = old.includes(where) ? old.split('\n') : []
  const rows = (Object.keys(targets) as Row[]).flatMap((row) => {
    const value = found[row]
    return value === undefined
      ? kept.filter((line) => line.startsWith(`| ${targetOf(row).says} |`))
      : [lineOf(row, value)]
  })
  const table = [where, '', '| What | Measured | Target | |', '| --- | --- | --- | --- |', ...rows].join('\n')
  return `${head}${begin}\n${table}\n${end}${tail}`
}

function lineOf(row: Row, value: number): string {
  const { most, says } = targetOf(row)
  return `| ${says} | ${shown(row, value)} | ${most === undefined ? '' : `≤ ${shown(row, most)}`} | ${verdict(row, value)} |`
}

const verdict = (row: Row, value: number): string =>
  targetOf(row).most === undefined ? '' : isMet(row, value) ? 'met' : '**missed**'
