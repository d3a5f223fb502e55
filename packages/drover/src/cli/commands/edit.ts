import { checkTitle } from '../../domain/draft.ts'
import { edit as editTask } from '../../flow/operations/edit.ts'
import { resolveEpic, resolveTask } from '../../flow/operations/resolve-task.ts'
import { oneTaskJson } from '../around.ts'
import { changing } from '../changing.ts'
import { command } from '../command.ts'
import { readRepos } from '../repos.ts'
import { listed, readWords, taskOptions } from '../task-options.ts'

export const edit = command({
  name: 'edit <task>',
  summary: 'Change a task that is not at work',
  about:
    'Only what is named changes. --blocked-by names all that it needs from now on; drover need changes single ones. An empty --epic takes it out of its epic.',
  options: {
    title: { type: 'string', arg: 'text', about: 'A new title' },
    ...taskOptions,
    verify: { type: 'boolean', about: 'Run its own checks again' },
  },
  examples: [
    'drover edit task-a1b2 --priority high',
    'drover edit task-a1b2 --title "A better title" --check "npm test"',
  ],
  async run(context, { title, verify, ...values }, [word = '']) {
    const { here, task } = await changing(context, async (project) => {
      const found = await resolveTask(project.reading, word)
      const words = { ...readWords(values), ...readRepos(context, values.repo) }
      if (title !== undefined) words.title = checkTitle(title)
      if (verify) words.verify = true
      if (words.epicId !== undefined)
        words.epicId = words.epicId ? (await resolveEpic(project.reading, words.epicId)).id : null
      await editTask(project, { task: found, words, needs: listed(values['blocked-by']) }, project.person())
      return { here: project, task: await resolveTask(project.reading, found.id) }
    })
    context.print.done({ task: await oneTaskJson(here, task) }, `Changed ${task.id}`, `drover show ${task.id}`)
  },
})
