import { DroverError } from '../../domain/error.ts'
import { costGroups, type CostGroup, type CostRow } from '../../domain/rows.ts'
import { addUsage, noUsage, type Usage } from '../../domain/task.ts'
import { columns } from '../columns.ts'
import { command } from '../command.ts'
import { grouped, moneyWords, usageJson } from '../cost-words.ts'
import { escaped } from '../escape.ts'
import type { Print } from '../print.ts'

const shown = 50

export const cost = command({
  name: 'cost',
  summary: 'Tokens and money, wasted attempts included',
  about:
    'The dearest first. Wasted is what was spent on attempts that led to no landing; it is part of the whole. Where an agent tells of tokens ' +
    'and of no money, the price is unknown, never 0. What sub-tasks cost is their parent’s. The first 50; --json gives all.',
  options: {
    by: { type: 'string', arg: 'what', default: 'task', about: `One of ${costGroups.join(', ')}` },
  },
  examples: ['drover cost', 'drover cost --by agent', 'drover cost --by run --json'],
  async run({ project, print }, { by: word }) {
    const by = readGroup(word)
    const { reading } = await project()
    const rows = await reading.costs(by)
    const total = sum(rows)
    print.result({ by, rows: rows.map(costJson), total: totalJson(total) }, () => page({ by, rows, total }, print))
    if (rows.length === 0 && !print.json) print.note('Nothing was spent yet.', 'drover run')
    if (rows.length > shown && !print.json) print.note(`And ${rows.length - shown} more: drover cost --by ${by} --json`)
  },
})

function readGroup(word: string): CostGroup {
  const found = costGroups.find((group) => group === word)
  if (!found) throw new DroverError('bad-value', { name: '--by', value: word, expected: costGroups.join(', ') })
  return found
}

type Total = Omit<CostRow, 'key' | 'title'>

const sum = (rows: readonly CostRow[]): Total =>
  rows.reduce<Total>(
    (all, row) => ({
      usage: addUsage(all.usage, row.usage),
      attempts: all.attempts + row.attempts,
      wasted: addUsage(all.wasted, row.wasted),
      wastedAttempts: all.wastedAttempts + row.wastedAttempts,
      unpriced: all.unpriced + row.unpriced,
    }),
    { usage: noUsage, attempts: 0, wasted: noUsage, wastedAttempts: 0, unpriced: 0 },
  )

const totalJson = ({ usage, attempts, wasted, wastedAttempts, unpriced }: Total) => ({
  usage: usageJson(usage, unpriced > 0),
  attempts,
  wasted: { attempts: wastedAttempts, usage: usageJson(wasted) },
  unpricedAttempts: unpriced,
})

const costJson = ({ key, title, ...row }: CostRow) => ({ key, title, ...totalJson(row) })

interface Sheet {
  by: CostGroup
  rows: readonly CostRow[]
  total: Total
}

function page({ by, rows, total }: Sheet, { width, isTerminal }: Print): string[] {
  if (rows.length === 0) return []
  const cells = rows.slice(0, shown).map((row) => [escaped(row.key ?? '-'), ...amounts(row), escaped(row.title ?? '')])
  return columns(
    [
      { head: by.toUpperCase() },
      ...['TRIES', 'IN', 'CACHED', 'OUT', 'COST', 'WASTED'].map((head) => ({ head, align: 'right' as const })),
      { head: '', shrinks: true },
    ],
    [...cells, ['total', ...amounts(total), '']],
    { width, heads: isTerminal },
  )
}

const amounts = ({ usage, attempts, wasted, wastedAttempts, unpriced }: Total): string[] => [
  String(attempts),
  grouped(usage.inputTokens),
  grouped(usage.cachedInputTokens),
  grouped(usage.outputTokens),
  moneyWords(usage, unpriced > 0),
  wastedAttempts === 0 ? '-' : `${wastedAttempts} (${wastedWords(wasted)})`,
]

const wastedWords = (wasted: Usage): string =>
  wasted.costUsd > 0 ? moneyWords(wasted) : `${grouped(wasted.inputTokens + wasted.outputTokens)} tokens`
