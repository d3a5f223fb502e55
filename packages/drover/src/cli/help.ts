import type { Paint } from './color.ts'
import { type Command, groups, type Row } from './command.ts'
import { globalOptions } from './globals.ts'
import type { Option, Options } from './option.ts'
import type { Print } from './print.ts'
import { padded, widthOf, wrap } from './width.ts'

export interface Page {
  table: readonly Row[]
  width: number
  paint: Paint
}

export const pageOf = ({ width, paint }: Pick<Print, 'width' | 'paint'>, table: readonly Row[]): Page => ({
  table,
  width: Math.min(80, width),
  paint,
})

const opening = ['drover init', 'drover add "Add a health endpoint" --check "npm test"', 'drover run']

/** The first page: three examples, then every command in its group. */
export function overview(page: Page): string[] {
  return [
    'Drover drives a whole project to completion with parallel coding agents.',
    '',
    ...opening.map((example) => `  ${page.paint('cyan', example)}`),
    ...groups.flatMap((group) => [
      '',
      page.paint('bold', group),
      ...commandLines(
        page.table.filter((row) => row.group === group),
        page,
      ),
    ]),
    '',
    page.paint('bold', 'Everywhere'),
    ...optionLines(globalOptions, page),
    '',
    'drover help <command> tells the rest, drover help exit-codes the exit codes.',
  ]
}

export const familyPage = (family: string, page: Page): string[] => [
  page.paint('bold', `drover ${family}`),
  ...commandLines(
    page.table.filter(({ name }) => name === family || name.startsWith(`${family} `)),
    page,
  ),
  '',
  ...wrap(`drover help ${family} <command> tells the rest.`, page.width),
]

export function commandPage(row: Row, command: Command, page: Page): string[] {
  const family = page.table.filter(({ name }) => name.startsWith(`${row.name} `))
  return [
    ...wrap(`${command.summary}.`, page.width),
    '',
    `  ${page.paint('cyan', `drover ${command.name}`)}${Object.keys(command.options).length > 0 ? ' [options]' : ''}`,
    ...(row.aliases ? [`  also: ${row.aliases.map((alias) => `drover ${alias}`).join(', ')}`] : []),
    ...(command.about ? ['', ...command.about.split('\n').flatMap((line) => wrap(line, page.width))] : []),
    '',
    page.paint('bold', 'Examples'),
    ...command.examples.map((example) => `  ${example}`),
    ...(Object.keys(command.options).length > 0
      ? ['', page.paint('bold', 'Options'), ...optionLines(command.options, page)]
      : []),
    ...(family.length > 0 ? ['', page.paint('bold', 'More commands'), ...commandLines(family, page)] : []),
    '',
    page.paint('bold', 'Everywhere'),
    ...optionLines(globalOptions, page),
  ]
}

export const exitCodes: readonly (readonly [string, string])[] = [
  ['0', 'it worked'],
  ['1', 'it failed'],
  ['2', 'the command was not understood'],
  ['3', 'this is not a drover project'],
  ['4', 'there is no such task, epic or attempt'],
  ['5', 'not allowed in this state'],
  ['6', 'no daemon answers'],
  ['7', 'the agent or its account cannot be used'],
  ['8', 'the run ended with tasks failed or blocked'],
  ['75', 'not now: try again'],
  ['130, 143', 'ended by a signal'],
]

const commandLines = (rows: readonly Row[], page: Page): string[] =>
  twoColumns(
    rows.map(({ name, summary }) => [name, summary] as const),
    page,
  )

function optionLines(options: Options, page: Page): string[] {
  return twoColumns(
    Object.entries(options).map(([name, option]) => [flags(name, option), about(option)] as const),
    page,
  )
}

function flags(name: string, { short, type, arg }: Option): string {
  return `${short ? `-${short}, ` : ''}--${name}${type === 'string' ? ` <${arg ?? 'text'}>` : ''}`
}

const about = (option: Option): string =>
  option.about +
  (option.multiple ? ' (may be repeated)' : '') +
  (option.default === undefined ? '' : ` (default: ${option.default})`)

/** What, and beside it what that means; beneath it where there is no room. */
export function twoColumns(rows: readonly (readonly [string, string])[], { width, paint }: Page): string[] {
  const first = Math.min(28, Math.max(...rows.map(([left]) => widthOf(left))))
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, Math.max(20, width - first - 4))
    const isLong = widthOf(left) > first
    const head = `  ${paint('cyan', padded(left, first))}${isLong ? '' : `  ${lines.shift() ?? ''}`}`
    return [head.trimEnd(), ...lines.map((line) => `${' '.repeat(first + 4)}${line}`)]
  })
}
