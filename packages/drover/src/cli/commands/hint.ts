import { DroverError } from '../../domain/error.ts'
import { isAtWork, isOver } from '../../domain/task.ts'
import { hint as hintTask } from '../../flow/operations/hint.ts'
import { command } from '../command.ts'
import { forEachTask } from '../for-each-task.ts'

export const hint = command({
  name: 'hint <task> <text...>',
  summary: 'Tell the agent of a task something',
  about: 'It is in the prompt of the next attempt.',
  options: {},
  examples: ['drover hint task-a1b2 "the schema is in docs/schema.sql"'],
  run(context, _, [word = '', ...rest]) {
    const text = rest.join(' ').trim()
    if (text === '') throw new DroverError('usage', { problem: 'a hint needs words', command: 'hint' })
    return forEachTask(context, [word], async (project, task) => {
      await hintTask(project, { task, text }, project.person())
      const why = isAtWork(task)
        ? 'the attempt at work has its prompt already; the next one will read it'
        : 'it will be in the next prompt'
      const next = isOver(task) ? `drover retry ${task.id}` : `drover show ${task.id}`
      return { sentence: `Hint for ${task.id} queued: ${why}`, next, answer: { delivery: 'queued', why } }
    })
  },
})
