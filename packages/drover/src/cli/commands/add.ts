import { DroverError } from '../../domain/error.ts'
import { addTask } from '../../flow/operations/add.ts'
import { oneTaskJson } from '../around.ts'
import { changing } from '../changing.ts'
import { command, type Context } from '../command.ts'
import { escaped } from '../escape.ts'
import type { Values } from '../option.ts'
import { readRepos } from '../repos.ts'
import { listed, readWords, taskOptions } from '../task-options.ts'
import { readAll } from '../terminal.ts'

const options = {
  ...taskOptions,
  parent: { type: 'string', short: 'P', arg: 'id', about: 'Make it a sub-task of this one' },
  id: { type: 'string', arg: 'id', about: 'Its id, instead of one that drover makes' },
  'skip-validation': { type: 'boolean', about: 'Give no advice' },
} as const

export const add = command({
  name: 'add <title...>',
  summary: 'Add a task',
  about:
    'A title of "-" reads the task from stdin: the first line is the title, the rest the description. ' +
    '"task-x.4 Title" makes sub-task 4 of task-x.',
  options,
  examples: [
    'drover add "Add a health endpoint" --check "npm test"',
    'drover add "Wire it up" --blocked-by task-a1b2 -p high',
    'drover add "Format everything" --run "npx prettier -w ."',
  ],
  async run(context, values, words) {
    const { title, description } = await readTitle(context, words)
    await addOne(context, { ...values, description: values.description ?? description }, title)
  },
})

export const quick = command({
  name: 'quick <title...>',
  summary: 'Add a task, no questions and no advice',
  options,
  examples: ['drover quick "The login page flickers"', 'git log -1 --format=%s | drover quick -'],
  async run(context, values, words) {
    const { title, description } = await readTitle(context, words)
    await addOne(context, { ...values, 'skip-validation': true, description: values.description ?? description }, title)
  },
})

async function readTitle(
  { terminal }: Context,
  words: readonly string[],
): Promise<{ title: string; description: string | undefined }> {
  if (words.length !== 1 || words[0] !== '-') return { title: words.join(' '), description: undefined }
  const [title = '', ...rest] = (await readAll(terminal.stdin)).replaceAll('\r\n', '\n').trim().split('\n')
  const description = rest.join('\n').trim()
  return { title, description: description === '' ? undefined : description }
}

async function addOne(context: Context, values: Values<typeof options>, title: string): Promise<void> {
  const { print } = context
  if (values.parent !== undefined && values.id !== undefined)
    throw new DroverError('usage', { problem: 'a sub-task’s id comes from its parent: leave out --id', command: 'add' })
  const {
    project: here,
    task,
    advice,
  } = await changing(context, async (project) => {
    const { default_labels: labels, max_attempts: maxAttempts } = project.config.settings
    const { parent, id } = values
    const addition = {
      title,
      words: { ...readWords(values), ...readRepos(context, values.repo) },
      id,
      parent,
      needs: listed(values['blocked-by']) ?? [],
      defaults: { labels, maxAttempts },
    }
    return { project, ...(await addTask(project, addition, project.person())) }
  })
  print.done({ task: await oneTaskJson(here, task) }, `Created task ${task.id}: ${escaped(task.title)}`, 'drover run')
  if (!values['skip-validation']) for (const words of advice) print.note(`  ${words}`)
}
