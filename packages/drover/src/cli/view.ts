import { glance, progress, type Standing } from '../domain/summary.ts'
import type { Account } from '../domain/rows.ts'
import type { Task } from '../domain/task.ts'
import type { Paint } from './color.ts'
import { columns } from './columns.ts'
import { spentWords, usd } from './cost-words.ts'
import { escaped } from './escape.ts'
import { restWords } from './rest.ts'
import { statusWords } from './glyph.ts'
import { machineJson } from './json.ts'
import type { Moment } from './standing.ts'
import { lasting, roughly } from './time.ts'
import { fit } from './width.ts'

export interface View {
  moment: Moment
  /** What happened last, oldest first. */
  story: readonly string[]
  /** What the person may do now. */
  footer: string
}

export interface Look {
  width: number
  paint: Paint
  ascii: boolean
}

/** The live view, made of what is known at one moment. */
export function view({ moment, story, footer }: View, look: Look): string[] {
  const { paint, width } = look
  return [
    paint('bold', fit(headline(moment, look), width)),
    fit(oneLine(moment.standing, look.ascii), width),
    ...(moment.lacks === undefined
      ? []
      : [paint('yellow', fit(`Nothing new begins: ${escaped(moment.lacks)}`, width))]),
    ...(moment.remote ?? []).map((words) => paint('yellow', fit(escaped(words), width))),
    ...spentLine(moment, width),
    ...moment.accounts.map((account) => paint('yellow', fit(restLine(account, moment.now, look.ascii), width))),
    ...section('Working', workerLines(moment, width), look),
    ...section('Machines', machineLines(moment, width), look),
    ...section(
      'Landing',
      moment.landing.map((task) => fit(`  ${task.id}  ${escaped(task.title)}`, width)),
      look,
    ),
    ...section('Waiting for you', waitingLines(moment.waiting, width), look),
    ...section(
      'Last',
      story.map((line) => fit(`  ${line}`, width)),
      look,
    ),
    ...(footer === '' ? [] : ['', paint('dim', fit(footer, width))]),
  ]
}

/** With what the provider said, as far as there is room. */
const restLine = (account: Account, now: number, ascii: boolean): string =>
  `${restWords(account, now, ascii)}${account.text === '' ? '' : `: ${escaped(account.text)}`}`

/** `🟢 4 running | 📋 12 queued | ✅ 28 done | 🔴 2 blocked`, and how many failed where some have; then what rests. */
export function oneLine(standing: Standing, ascii: boolean, rests: readonly string[] = []): string {
  const { running, queued, done, blocked, failed } = glance(standing)
  const resting = rests.map((words) => ` | ${words}`).join('')
  if (ascii)
    return `run:${running} queue:${queued} done:${done} blocked:${blocked}${failed > 0 ? ` failed:${failed}` : ''}${resting}`
  return `🟢 ${running} running | 📋 ${queued} queued | ✅ ${done} done | 🔴 ${blocked} blocked${failed > 0 ? ` | ❌ ${failed} failed` : ''}${resting}`
}

function headline({ standing, etaSeconds }: Moment, { width, ascii }: Look): string {
  const share = progress(standing)
  const eta = etaSeconds === null ? '' : `, ${roughly(etaSeconds)} left`
  const cells = Math.max(10, Math.min(30, width - 50))
  const full = Math.round(share * cells)
  const bar = (ascii ? '#' : '█').repeat(full) + (ascii ? '.' : '░').repeat(cells - full)
  return `${ascii ? '' : '🐂 '}${bar} ${standing.counts.completed} of ${standing.total} done (${Math.floor(share * 100)} %)${eta}`
}

function spentLine({ spent }: Moment, width: number): string[] {
  if (spent === undefined) return []
  const { usage, limitUsd, isOver } = spent
  const words = spentWords(usage)
  if (words === '' && limitUsd === 0) return []
  const limit = limitUsd > 0 ? ` of ${usd(limitUsd)}` : ''
  return [fit(`${isOver ? 'The last run spent' : 'Spent'} ${words || usd(0)}${limit}`, width)]
}

const section = (title: string, lines: readonly string[], { paint }: Look): string[] =>
  lines.length > 0 ? ['', paint('bold', title), ...lines] : []

function workerLines({ workers, now }: Moment, width: number): string[] {
  const rows = workers.map(({ attempt, task }) => [
    `  ${attempt.machine}/${attempt.slot}`,
    attempt.task,
    lasting(now - attempt.claimedAt),
    task?.attempt === attempt.attempt ? statusWords(task) : 'stopping',
    escaped(task?.title ?? ''),
  ])
  return columns(
    [{ head: '' }, { head: '' }, { head: '', align: 'right' }, { head: '' }, { head: '', shrinks: true }],
    rows,
    { width, heads: false },
  )
}

/** Where there are several: what each has, and since when one has nothing. */
function machineLines({ machines, workers, now }: Moment, width: number): string[] {
  if (machines.length < 2) return []
  const rows = machines.map((machine) => {
    const { name, state, busy, slots, labels } = machineJson(machine, workers)
    const has = labels.length === 0 ? '' : `, ${escaped(labels.join(', '))}`
    const since = lasting(now - (machine.leftAt ?? machine.joinedAt))
    return [`  ${name}`, `${state === 'here' ? `${busy} of ${slots} at work` : `${state} ${since} ago`}${has}`]
  })
  return columns([{ head: '' }, { head: '', shrinks: true }], rows, { width, heads: false })
}

/** The few that a person should look at, with what to type. */
function waitingLines(waiting: readonly Task[], width: number): string[] {
  const shown = waiting.slice(0, 5).map((task) => {
    const note = task.status === 'failed' ? (task.lastError ?? '') : task.blockedNote
    return fit(`  ${task.id}  ${statusWords(task)}${note ? `: ${escaped(note)}` : ''}  ->  ${remedy(task)}`, width)
  })
  return waiting.length > 5
    ? [...shown, `  and ${waiting.length - 5} more: drover list --status blocked,paused,failed`]
    : shown
}

/** The command that most likely helps. */
export function remedy({ id, status, blockedReason }: Pick<Task, 'id' | 'status' | 'blockedReason'>): string {
  if (status === 'paused') return `drover resume ${id}`
  if (status === 'failed' || status === 'cancelled' || blockedReason === 'attempts') return `drover retry ${id}`
  if (blockedReason === 'review' || blockedReason === 'checkout') return `drover land ${id}`
  if (blockedReason === 'question') return `drover answer ${id} "your answer"`
  if (blockedReason === 'budget') return `drover resolve ${id}`
  if (blockedReason === 'conflict' || blockedReason === 'gate') return `drover resolve ${id} --note "what to do"`
  return `drover why ${id}`
}
