import { isMet } from '../domain/needs.ts'
import { isParked, whyTheyRest } from '../domain/account.ts'
import { byHand } from '../domain/settle.ts'
import type { RunEnd } from '../app/farewell.ts'
import type { Project } from '../app/open-project.ts'
import type { EventType } from '../domain/event.ts'
import type { Task, Usage } from '../domain/task.ts'
import type { Context } from './command.ts'
import { escaped } from './escape.ts'
import { glyphOf, statusWords } from './glyph.ts'
import { spentWords, usageJson, usd } from './cost-words.ts'
import { missingMachine } from './missing-machine.ts'
import { envelope } from './print.ts'
import { lasting } from './time.ts'
import { remedy } from './view.ts'
import { fit } from './width.ts'

/** What the run came to, and what to do next; answers with its exit code. */
export async function runSummary(
  { print }: Context,
  project: Project,
  { since, seq, epic, end }: { since: number; seq: number; epic: string | null; end: RunEnd | undefined },
): Promise<number> {
  const { reading, clock } = project
  const all = (await reading.tasks(epic === null ? {} : { epic })).filter(({ kind }) => kind !== 'subtask')
  // The run ended a moment ago: what somebody has done since then is not its own.
  const later = end ? await changedAfter(reading, end.seq) : new Map<string, EventType>()
  const tasks = all.filter(({ id }) => later.get(id) !== 'task.created')
  const count = (...statuses: Task['status'][]): number =>
    tasks.filter(({ status }) => statuses.includes(status)).length
  const { usage } = await reading.spentSince(seq)
  const limit = (await reading.lastRun())?.budgetUsd ?? 0
  const isSpent = limit > 0 && usage.costUsd >= limit
  const { completed, failed, blocked, cancelled } = end ?? {
    completed: count('completed'),
    failed: count('failed'),
    blocked: count('blocked', 'paused'),
    cancelled: count('cancelled'),
  }
  const answer = {
    completed,
    failed,
    blocked,
    cancelled,
    durationMs: Math.round(clock.ticks() - since),
    usage: usageJson(usage),
    ...(limit > 0 ? { budgetUsd: limit } : {}),
  }
  const stuck = await stuckOf(reading, tasks)
  if (print.json) print.jsonLine(envelope('run', answer))
  else if (tasks.length === 0) print.note('There is nothing to do: no tasks yet.', 'drover add "Title"')
  else print.lines(page(tasks, { ...answer, cost: costWords(usage, limit) }, print.width, print.ascii))
  const ready = all.filter(({ status }) => status === 'ready')
  const [left, next] = [ready.filter(({ id }) => !later.has(id)).length, ready.filter(({ id }) => later.has(id)).length]
  if (!print.json) {
    if (left > 0 && isSpent) print.note(`${stillReady(left)}: the run has cost what it may.`, 'drover run')
    else if (left > 0 && end) {
      const { why, remedy: command } = await whyNobodyWorks(project)
      print.note(`${stillReady(left)}: ${why}.`, command)
    } else if (left > 0) print.note(`${stillReady(left)}: nobody drives any more.`, 'drover run')
    if (next > 0) print.note(`${tasksOf(next)} came up after the run had ended.`, 'drover run')
  }
  if (left > 0 && isSpent) return 8
  return left > 0 ? (end ? 7 : 75) : stuck.length > 0 || failed > 0 ? 8 : 0
}

const tasksOf = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`)
const stillReady = (count: number): string => `${tasksOf(count)} ${count === 1 ? 'is' : 'are'} still ready`

/** The tasks that were changed after this `seq`, each with the first thing that happened to it. */
export async function changedAfter(reading: Project['reading'], seq: number): Promise<Map<string, EventType>> {
  const changed = new Map<string, EventType>()
  for (let after = seq; ;) {
    const events = await reading.events(after, {}, 500)
    for (const { task, type } of events) if (task !== undefined && !changed.has(task)) changed.set(task, type)
    if (events.length < 500) return changed
    after = events.at(-1)!.seq
  }
}

/** No agent was there, or nobody is logged in where one is. */
async function whyNobodyWorks(project: Project): Promise<{ why: string; remedy: string }> {
  const { reading, clock, config, places } = project
  const parked = (await reading.accounts()).filter((account) => isParked(account, clock.now()))
  const [first] = parked
  if (!first)
    return (await noMachine(project)) ?? { why: 'no agent was there to take on the work', remedy: 'drover doctor' }
  const { openAgents } = await import('../app/open-agents.ts')
  const login = openAgents(config, places).login(first.agent, first.name)
  return { why: whyTheyRest(parked), remedy: (first.why === 'auth' && login) || 'drover doctor' }
}

async function noMachine(project: Project): Promise<{ why: string; remedy: string } | undefined> {
  for (const task of await project.reading.tasks({ statuses: ['ready'] })) {
    const lone = await missingMachine(project, task)
    if (lone) return { why: lone.words.join(' ').replace(/\.$/, ''), remedy: lone.next[0]! }
  }
  return undefined
}

function page(
  tasks: readonly Task[],
  answer: { completed: number; failed: number; blocked: number; cancelled: number; durationMs: number; cost: string },
  width: number,
  ascii: boolean,
): string[] {
  const open = tasks.filter(({ status }) => status === 'failed' || status === 'blocked' || status === 'paused')
  return [
    '',
    `${ascii ? '' : '🐂 '}Drover run complete in ${lasting(answer.durationMs)}`,
    `   ${answer.completed} completed, ${answer.failed} failed, ${answer.blocked} blocked, ${answer.cancelled} cancelled, of ${tasks.length}${answer.cost && `; ${answer.cost}`}`,
    ...open
      .slice(0, 20)
      .map((task) =>
        fit(
          `   ${glyphOf(task, ascii)} ${task.id} ${statusWords(task)}: ${escaped(words(task))}  ->  ${remedy(task)}`,
          width,
        ),
      ),
    ...(open.length > 20 ? [`   and ${open.length - 20} more: drover list`] : []),
  ]
}

/** What this run has used, and what it might. */
const costWords = (usage: Usage, limit: number): string =>
  limit === 0 ? spentWords(usage) : `${spentWords(usage) || usd(usage.costUsd)} of ${usd(limit)}`

/** A question is its own best name. */
const words = ({ blockedReason, blockedNote, title }: Task): string =>
  blockedReason === 'question' && blockedNote !== '' ? `${title}: ${blockedNote}` : title

/** What keeps the run from being a success: not what only waits to be landed by hand, nor what waits for that. */
async function stuckOf(reading: Project['reading'], tasks: readonly Task[]): Promise<Task[]> {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const known = new Map<string, boolean>()
  const isFine = async (task: Task): Promise<boolean> => {
    const before = known.get(task.id)
    if (before !== undefined) return before
    known.set(task.id, true)
    const fine = await decide(task)
    known.set(task.id, fine)
    return fine
  }
  const decide = async (task: Task): Promise<boolean> => {
    if (task.status === 'failed' || task.status === 'paused') return false
    if (task.status !== 'blocked') return true
    if (task.blockedReason !== 'needs') return task.blockedReason === 'review' && task.blockedNote === byHand
    const open = (await reading.needsOf(task.id)).filter((need) => !isMet(need))
    for (const { id, status } of open) {
      const need = byId.get(id) ?? (await reading.task(id))
      if (status === 'cancelled' || !need || !(await isFine(need))) return false
    }
    return true
  }
  const stuck: Task[] = []
  for (const task of tasks) if (!(await isFine(task))) stuck.push(task)
  return stuck
}
