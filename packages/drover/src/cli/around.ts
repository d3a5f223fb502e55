import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Project } from '../app/open-project.ts'
import { addUsage, isAtWork, noUsage, type Task, type Usage } from '../domain/task.ts'
import type { Report } from '../domain/verdict.ts'
import { type Around, taskJson } from './json.ts'

type Here = Pick<Project, 'reading' | 'places' | 'config'>

/** While a task is at work, a link named after it points to its worktree. */
function worktreeOf({ places, config }: Here, task: Task): string | null {
  const link = resolve(places.root, config.settings['worktree.root'], task.id)
  return isAtWork(task) && existsSync(link) ? link : null
}

/** What stands around one task. */
export async function around(project: Here, task: Task): Promise<Around> {
  const { reading } = project
  const [needs, findings, attempts, usageTotal, report] = await Promise.all([
    reading.needsOf(task.id),
    reading.findings(task.id),
    reading.attempts(task.id),
    reading.usageTotal(task.id),
    lastReport(reading, task),
  ])
  return {
    needs,
    findings,
    attempt: attempts.at(-1),
    worktree: worktreeOf(project, task),
    usageTotal,
    report,
  }
}

/** What the agent of its last attempt says, beside the verdict that says what is so. */
async function lastReport(reading: Here['reading'], { id, attempt }: Task): Promise<Report | null> {
  const said = await reading.events(0, { task: id, types: ['task.reported'] }, 500)
  const last = said.findLast((event) => event.attempt === attempt)
  return last?.type === 'task.reported' ? last.data.report : null
}

export const oneTaskJson = async (project: Here, task: Task) => taskJson(task, await around(project, task))

/** The same for many tasks with a handful of questions, however many there are. */
export async function manyTasksJson(project: Here, tasks: readonly Task[]) {
  const { reading } = project
  const [all, needs, open, found] = await Promise.all([
    reading.tasks({}),
    reading.allNeeds(),
    reading.openAttempts(),
    reading.findingsByTask(),
  ])
  const byId = new Map(all.map((task) => [task.id, task]))
  const children = Map.groupBy(all, ({ parentId }) => parentId)
  const needsOf = Map.groupBy(needs, (need) => need.task)
  const members = (task: Task): Task[] => [task, ...(children.get(task.id) ?? []).flatMap(members)]
  return tasks.map((task) =>
    taskJson(task, {
      needs: (needsOf.get(task.id) ?? []).map(({ needs: id, until }) => ({
        id,
        status: byId.get(id)?.status ?? 'cancelled',
        until,
      })),
      findings: found.get(task.id) ?? [],
      attempt: open.find((attempt) => attempt.task === task.id && attempt.attempt === task.attempt),
      worktree: worktreeOf(project, task),
      usageTotal: members(task).reduce<Usage>((sum, { usage }) => addUsage(sum, usage), noUsage),
    }),
  )
}
