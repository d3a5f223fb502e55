import type { Project } from '../app/open-project.ts'
import type { Task } from '../domain/task.ts'
import { resolveTask, resolveTasks } from '../flow/operations/resolve-task.ts'
import { manyTasksJson, oneTaskJson } from './around.ts'
import { changing } from './changing.ts'
import type { Context } from './command.ts'
import type { Print } from './print.ts'

export interface Done {
  sentence: string
  /** It was said, and came to nothing. */
  isInVain?: boolean
  next?: string
  /** Beside the task, for programs. */
  answer?: object
}

/** Does one thing to every task that is named. All names are looked up first; one task that cannot be changed stops the rest. */
export async function forEachTask(
  context: Context,
  words: readonly string[],
  act: (project: Project, task: Task) => Promise<Done>,
): Promise<void> {
  const { print } = context
  const { here, done } = await changing(context, async (project) => {
    const all: { id: string; done: Done }[] = []
    for (const task of await resolveTasks(project.reading, words))
      all.push({ id: task.id, done: await act(project, task) })
    return { here: project, done: all }
  })
  if (!print.json) for (const { done: one } of done) show(print, one)
  else {
    const tasks = await Promise.all(done.map(({ id }) => resolveTask(here.reading, id)))
    const first =
      tasks[0] && tasks.length === 1
        ? { task: await oneTaskJson(here, tasks[0]) }
        : { tasks: await manyTasksJson(here, tasks) }
    print.result({ ...first, ...done[0]?.done.answer }, () => [])
  }
}

function show(print: Print, { sentence, isInVain, next }: Done): void {
  if (!isInVain) return print.done({}, sentence, next)
  print.warn(sentence)
  print.note('', next)
}
