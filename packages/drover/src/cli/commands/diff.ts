import { DroverError } from '../../domain/error.ts'
import { resolveTask } from '../../flow/operations/resolve-task.ts'
import { command } from '../command.ts'
import { escapedLines } from '../escape.ts'

export const diff = command({
  name: 'diff <task>',
  summary: 'What a task has changed',
  about: 'Committed and not, against the commit it started from.',
  options: {
    stat: { type: 'boolean', about: 'Only how many lines of which files' },
    'name-only': { type: 'boolean', about: 'Only the names of the files' },
    against: { type: 'string', arg: 'ref', about: 'Against this commit or branch' },
  },
  examples: ['drover diff task-a1b2', 'drover diff task-a1b2 --stat'],
  async run({ project, print }, values, [word = '']) {
    if (values.stat && values['name-only'])
      throw new DroverError('usage', { problem: 'give --stat or --name-only, not both', command: 'diff' })
    const opened = await project()
    const task = await resolveTask(opened.reading, word)
    const { openWorkspaceFor } = await import('../../app/open-workspace.ts')
    const workspace = await openWorkspaceFor(opened)
    const text = await workspace.diff(
      task.id,
      values.against ?? null,
      values.stat ? 'stat' : values['name-only'] ? 'names' : 'patch',
    )
    const trimmed = text.replace(/\n$/, '')
    print.result({ task: task.id, diff: text }, () =>
      trimmed === '' ? [] : print.isTerminal ? escapedLines(trimmed) : trimmed.split('\n'),
    )
    if (trimmed === '' && !print.json) print.note(`${task.id} has changed nothing yet.`)
  },
})
