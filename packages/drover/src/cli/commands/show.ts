import { resolveTask, resolveTasks } from '../../flow/operations/resolve-task.ts'
import { command, type Context } from '../command.ts'
import { taskPage, wholeTask } from '../task-page.ts'

export const show = command({
  name: 'show <task...>',
  summary: 'One task whole',
  about: 'With its attempts, evidence, cost, and what it waits for.',
  options: {},
  examples: ['drover show task-a1b2', 'drover show a1b2 --json'],
  async run(context, _, words) {
    const { print } = context
    if (words.length === 1 || !print.json) for (const word of words) await showTask(context, word)
    else {
      const project = await context.project()
      const tasks = await resolveTasks(project.reading, words)
      const wholes = await Promise.all(tasks.map((task) => wholeTask(project, task)))
      print.result({ tasks: wholes.map(({ json }) => json) }, () => [])
    }
  },
})

export async function showTask({ project, print }: Context, word: string): Promise<void> {
  const opened = await project()
  const whole = await wholeTask(opened, await resolveTask(opened.reading, word))
  print.result(whole.json, () => taskPage(whole, print, opened.clock.now()))
}
