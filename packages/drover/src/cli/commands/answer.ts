import { DroverError } from '../../domain/error.ts'
import { answer as answerTask } from '../../flow/operations/answer.ts'
import { command } from '../command.ts'
import { escaped } from '../escape.ts'
import { forEachTask } from '../for-each-task.ts'
import { questionJson } from '../json.ts'

export const answer = command({
  name: 'answer <task> <text...>',
  summary: 'Answer what the agent of a task asks',
  about:
    'A number means the option with that number; any other words are an answer too. With the last open question answered the task goes on, ' +
    'in the session that asked. drover inbox lists the questions.',
  options: {},
  examples: ['drover answer task-a1b2 "PostgreSQL, version 17"', 'drover answer task-a1b2 2'],
  run(context, _, [word = '', ...rest]) {
    const text = rest.join(' ').trim()
    if (text === '') throw new DroverError('usage', { problem: 'an answer needs words', command: 'answer' })
    return forEachTask(context, [word], async (project, task) => {
      const answered = await answerTask(project, { task, text }, project.person())
      const more = answered.open.map((question) => `It also asks: ${escaped(question.text)}`)
      const said = answered.text === text ? '' : `: ${escaped(answered.text)}`
      return {
        sentence: [`${task.id} has its answer${said}`, ...more].join('\n'),
        next: more.length > 0 ? `drover answer ${task.id} "your answer"` : 'drover run',
        answer: { answer: answered.text, open: answered.open.map(questionJson) },
      }
    })
  },
})
