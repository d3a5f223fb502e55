import type { BlockedReason } from '../../domain/task.ts'
import { resolve as resolveBlock } from '../../flow/operations/resolve.ts'
import { command } from '../command.ts'
import { forEachTask } from '../for-each-task.ts'

const lifted: Partial<Record<BlockedReason, string>> = {
  needs: 'no longer needs what is open',
  question: 'has its answer',
  conflict: 'goes back to its agent',
  gate: 'goes back to its agent',
  review: 'is approved and lands',
  budget: 'may cost as much again',
  attempts: 'will be tried again',
}

export const resolve = command({
  name: 'resolve <task...>',
  summary: 'Lift what a task waits for, or answer its question',
  about:
    'The note is the answer to a question, and a hint after a conflict or a red gate. Open needs are taken away; a review is approved; a task that has cost what it may is allowed as much again.',
  options: { note: { type: 'string', short: 'n', about: 'What the agent should know' } },
  examples: ['drover resolve task-a1b2 --note "use the second design"'],
  run: (context, { note = '' }, words) =>
    forEachTask(context, words, async (project, task) => {
      await resolveBlock(project, { task, note }, project.person())
      return { sentence: `${task.id} ${lifted[task.blockedReason ?? 'attempts'] ?? 'goes on'}`, next: 'drover run' }
    }),
})
