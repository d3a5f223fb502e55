import { cancel as cancelTask } from '../../flow/operations/cancel.ts'
import { command } from '../command.ts'
import { forEachTask } from '../for-each-task.ts'

export const cancel = command({
  name: 'cancel <task...>',
  summary: 'End a task for good',
  about:
    'With its sub-tasks and every process of its attempt; a late report revives nothing. Its work is kept. A task that is over stays as it is.',
  options: { reason: { type: 'string', short: 'm', about: 'Why' } },
  examples: ['drover cancel task-a1b2 -m "no longer wanted"'],
  run: (context, { reason = '' }, words) =>
    forEachTask(context, words, async (project, task) => {
      const events = await cancelTask(project, { task, reason }, project.person())
      if (events.length === 0) return { sentence: `${task.id} is ${task.status} already: nothing to cancel` }
      const parts = events.length > 1 ? ` and ${events.length - 1} of its sub-tasks` : ''
      return { sentence: `Cancelled ${task.id}${parts}`, next: `drover retry ${task.id}   (takes it back)` }
    }),
})
