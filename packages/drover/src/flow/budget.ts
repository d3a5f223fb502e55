import { addUsage, noUsage, type Usage } from '../domain/task.ts'
import type { Reading } from '../ports/reading.ts'
import type { Crew } from './crew.ts'
import type { Work } from './work.ts'

type Counting = Pick<Crew, 'reading' | 'settings'>

/** Words when the task, over all its attempts, or the run has cost what it may. Asked whenever usage was written. */
export async function overBudget(crew: Counting, { owner }: Pick<Work, 'owner'>): Promise<string | undefined> {
  return (await overTaskBudget(crew, owner)) ?? runIsSpent(crew)
}

async function overTaskBudget({ reading, settings }: Counting, id: string): Promise<string | undefined> {
  const each = settings['budget.task_usd']
  if (each === 0) return undefined
  const task = await reading.task(id)
  const limit = each * (1 + (task?.budgets ?? 0))
  const attempts = await reading.attempts(id)
  const spent = attempts.reduce((sum, { usage }) => sum + usage.costUsd, 0)
  return spent >= limit ? `it has cost ${usd(spent)} of ${usd(limit)} (budget.task_usd)` : undefined
}

/** Words when nothing more may begin in this run, because it has cost what it may. */
export async function runIsSpent({ reading, settings }: Counting): Promise<string | undefined> {
  return settings['budget.run_usd'] === 0 ? undefined : lastRunIsSpent(reading)
}

/** The same for whoever looks from outside: the limit is the one that the run began with. */
export async function lastRunIsSpent(reading: Reading): Promise<string | undefined> {
  const run = await reading.lastRun()
  if (run === undefined || run.isOver || run.budgetUsd === 0) return undefined
  const spent = (await spentInRun(reading)).costUsd
  if (spent < run.budgetUsd) return undefined
  return `the run has cost ${usd(spent)} of ${usd(run.budgetUsd)} (budget.run_usd)`
}

/** What the task may still cost, as the task's and the run's own limits have it; nothing where there is no limit. */
export async function leftToSpend({ reading, settings }: Counting, owner: string): Promise<number | null> {
  const [each, all] = [settings['budget.task_usd'], settings['budget.run_usd']]
  const lefts: number[] = []
  if (each > 0) {
    const [task, attempts] = [await reading.task(owner), await reading.attempts(owner)]
    lefts.push(each * (1 + (task?.budgets ?? 0)) - attempts.reduce((sum, { usage }) => sum + usage.costUsd, 0))
  }
  if (all > 0) lefts.push(all - (await spentInRun(reading)).costUsd)
  return lefts.length === 0 ? null : Math.max(0.01, Math.min(...lefts))
}

interface Tally {
  run: number
  seq: number
  usage: Usage
}

/** Counted on from the last time: a long run has many such events, and this is asked at each of them. */
const tallies = new WeakMap<Reading, Tally>()

/** What was spent since the last run began. */
export async function spentInRun(reading: Reading): Promise<Usage> {
  const run = (await reading.lastRun())?.seq ?? 0
  const before = tallies.get(reading)
  const from = before?.run === run ? before : { run, seq: run, usage: noUsage }
  const { usage, seq } = await reading.spentSince(from.seq)
  const tally = { run, seq, usage: addUsage(from.usage, usage) }
  tallies.set(reading, tally)
  return tally.usage
}

const usd = (money: number): string => `${money.toFixed(2)} USD`

/** The one last turn of an attempt that has cost what it may. */
export const handBackWords = (why: string): string =>
  [
    `Stop here: ${why}. This is your last turn, so keep it short.`,
    'Begin nothing new. Commit what you have, also when it is not done.',
    'Then say in a few sentences what is done, what is left, and how one would go on. Report no verdict: a person decides whether you go on.',
  ].join('\n')
