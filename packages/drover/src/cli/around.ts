import { family } from '../flow/operations/family.ts'
import { grouped } from '../flow/operations/circle.ts'
import type { Task } from '../domain/task.ts'
import type { Reading } from '../ports/reading.ts'
import { addUsage, type Around, taskJson } from './json.ts'

/** What stands around one task. */
export async function around(reading: Reading, task: Task): Promise<Around> {
  const [needs, attempts, members] = await Promise.all([reading.needsOf(task.id), reading.attempts(task.id), family(reading, task)])
  return { needs, attempt: attempts.at(-1), usageTotal: addUsage(members.map(({ usage }) => usage)) }
}

export const oneTaskJson = async (reading: Reading, task: Task) => taskJson(task, await around(reading, task))

/** The same for many tasks with a handful of questions, however many there are. */
export async function manyTasksJson(reading: Reading, tasks: readonly Task[]) {
  const [all, needs, open] = await Promise.all([reading.tasks({}), reading.allNeeds(), reading.openAttempts()])
  const byId = new Map(all.map((task) => [task.id, task]))
  const children = Map.groupBy(all, ({ parentId }) => parentId)
  const needsOf = grouped(needs)
  const members = (task: Task): Task[] => [task, ...(children.get(task.id) ?? []).flatMap(members)]
  return tasks.map((task) =>
    taskJson(task, {
      needs: (needsOf.get(task.id) ?? []).map((id) => ({ id, status: byId.get(id)?.status ?? 'cancelled' })),
      attempt: open.find((attempt) => attempt.task === task.id && attempt.attempt === task.attempt),
      usageTotal: addUsage(members(task).map(({ usage }) => usage)),
    }),
  )
}
