import type { Task, TaskStatus } from '../../domain/task.ts'
import { reset as resetTasks, resettable } from '../../flow/operations/reset.ts'
import { resolveTasks } from '../../flow/operations/resolve-task.ts'
import { changing } from '../changing.ts'
import { command } from '../command.ts'
import { confirmed } from '../confirm.ts'

const chosen = ['failed', 'blocked', 'cancelled', 'completed'] as const satisfies readonly TaskStatus[]

export const reset = command({
  name: 'reset [task...]',
  summary: 'Put tasks back to where they wait for an agent',
  about:
    'Without ids or options: all that are neither completed nor at work nor landing. What is completed is done again only when it is named, and after a yes.',
  options: {
    failed: { type: 'boolean', about: 'All that failed' },
    blocked: { type: 'boolean', about: 'All that are blocked' },
    cancelled: { type: 'boolean', about: 'All that were cancelled' },
    completed: { type: 'boolean', about: 'All that are completed' },
  },
  examples: ['drover reset', 'drover reset --failed', 'drover reset task-a1b2 task-c3d4'],
  async run(context, values, words) {
    const { print } = context
    const { reading } = await context.project()
    const wanted = chosen.filter((status) => values[status])
    const tasks = words.length > 0 ? await resolveTasks(reading, words) : await resettable(reading, wanted)
    const done = tasks.filter(({ status }) => status === 'completed')
    if (
      done.length > 0 &&
      !(await confirmed(
        context,
        `${count(done)} that ${done.length === 1 ? 'is' : 'are'} completed will be done again`,
      ))
    )
      return
    await changing(context, (project) => resetTasks(project, tasks, project.person()))
    const ids = tasks.map(({ id }) => id)
    print.done(
      { tasks: ids },
      tasks.length === 0 ? 'Nothing to reset' : `Reset ${count(tasks)}`,
      tasks.length === 0 ? 'drover list' : 'drover run',
    )
  },
})

const count = (tasks: readonly Task[]): string => `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`
