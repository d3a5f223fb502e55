import { retry as retryTask } from '../../flow/operations/retry.ts'
import { command } from '../command.ts'
import { forEachTask } from '../for-each-task.ts'

export const retry = command({
  name: 'retry <task...>',
  summary: 'Try a task again that ended or is stuck',
  about:
    'Failed, cancelled, or blocked for conflict, gate or attempts: it goes on with all its attempts, where the last one left off. --force starts from the tip and also does completed work again.',
  options: {
    force: { type: 'boolean', short: 'f', about: 'Start from the tip, also when it was completed' },
    reason: { type: 'string', short: 'm', about: 'Why' },
  },
  examples: ['drover retry task-a1b2', 'drover requeue task-a1b2 --force'],
  run: (context, { force = false, reason = '' }, words) =>
    forEachTask(context, words, async (project, task) => {
      await retryTask(project, { task, force, note: reason }, project.person())
      return { sentence: `${task.id} will be tried again`, next: 'drover run' }
    }),
})
