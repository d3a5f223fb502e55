import { pause as pauseTask } from '../../flow/operations/pause.ts'
import { command } from '../command.ts'
import { forEachTask } from '../for-each-task.ts'

export const pause = command({
  name: 'pause <task...>',
  summary: 'Stop a task at the next safe point and keep its place',
  about: 'Its worktree and its agent’s session are kept, its slot is free for others.',
  options: { reason: { type: 'string', short: 'm', about: 'Why' } },
  examples: ['drover pause task-a1b2 -m "the design changes"'],
  run: (context, { reason = '' }, words) =>
    forEachTask(context, words, async (project, task) => {
      await pauseTask(project, { task, reason }, project.person())
      return { sentence: `Paused ${task.id}`, next: `drover resume ${task.id}` }
    }),
})
