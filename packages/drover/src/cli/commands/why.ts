import { resolveTask } from '../../flow/operations/resolve-task.ts'
import { command } from '../command.ts'
import { escaped } from '../escape.ts'
import { reasons } from '../reasons.ts'

export const why = command({
  name: 'why <task>',
  summary: 'Why a task does not run, and what would change that',
  about: 'For a task that runs: what it is doing.',
  options: {},
  examples: ['drover why task-a1b2'],
  async run({ project, print }, _, [word = '']) {
    const { reading, clock } = await project()
    const task = await resolveTask(reading, word)
    const { words, next } = await reasons(reading, task, clock.now())
    const answer = { task: task.id, status: task.status, blockedReason: task.blockedReason, reasons: words, next }
    const arrow = print.ascii ? '->' : '→'
    print.result(answer, () => [...words.map(escaped), ...next.map((line) => `${arrow} ${line}`)])
  },
})
