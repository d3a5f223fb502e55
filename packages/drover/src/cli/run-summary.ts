import { byHand } from '../domain/settle.ts'
import type { Project } from '../app/open-project.ts'
import type { Task, Usage } from '../domain/task.ts'
import type { Context } from './command.ts'
import { escaped } from './escape.ts'
import { glyphOf, statusWords } from './glyph.ts'
import { spentWords, usageJson, usd } from './cost-words.ts'
import { envelope } from './print.ts'
import { lasting } from './time.ts'
import { remedy } from './view.ts'
import { fit } from './width.ts'

/** What the run came to, and what to do next; answers with its exit code. */
export async function runSummary(
  { print }: Context,
  { reading, clock }: Project,
  { since, seq, epic }: { since: number; seq: number; epic: string | null },
): Promise<number> {
  const tasks = (await reading.tasks(epic === null ? {} : { epic })).filter(({ kind }) => kind !== 'subtask')
  const count = (...statuses: Task['status'][]): number =>
    tasks.filter(({ status }) => statuses.includes(status)).length
  const { usage } = await reading.spentSince(seq)
  const limit = (await reading.lastRun())?.budgetUsd ?? 0
  const isSpent = limit > 0 && usage.costUsd >= limit
  const answer = {
    completed: count('completed'),
    failed: count('failed'),
    blocked: count('blocked', 'paused'),
    cancelled: count('cancelled'),
    durationMs: Math.round(clock.ticks() - since),
    usage: usageJson(usage),
    ...(limit > 0 ? { budgetUsd: limit } : {}),
  }
  const stuck = await stuckOf(reading, tasks)
  if (print.json) print.jsonLine(envelope('run', answer))
  else if (tasks.length === 0) print.note('There is nothing to do: no tasks yet.', 'drover add "Title"')
  else print.lines(page(tasks, { ...answer, cost: costWords(usage, limit) }, print.width, print.ascii))
  const left = tasks.filter(({ status }) => status === 'ready').length
  if (left > 0 && !print.json)
    print.note(
      `${left} ${left === 1 ? 'task is' : 'tasks are'} still ready: ${isSpent ? 'the run has cost what it may' : 'no agent was there to take on the work'}.`,
      isSpent ? 'drover run' : 'drover doctor',
    )
  if (left > 0 && isSpent) return 8
  return left > 0 ? 7 : stuck.length > 0 ? 8 : 0
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
          `   ${glyphOf(task, ascii)} ${task.id} ${statusWords(task)}: ${escaped(task.title)}  ->  ${remedy(task)}`,
          width,
        ),
      ),
    ...(open.length > 20 ? [`   and ${open.length - 20} more: drover list`] : []),
  ]
}

/** What this run has used, and what it might. */
const costWords = (usage: Usage, limit: number): string =>
  limit === 0 ? spentWords(usage) : `${spentWords(usage) || usd(usage.costUsd)} of ${usd(limit)}`

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
    const open = (await reading.needsOf(task.id)).filter(({ status }) => status !== 'completed')
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
