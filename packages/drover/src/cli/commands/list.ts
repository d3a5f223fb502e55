import { isOver } from '../../domain/task.ts'
import { resolveEpic } from '../../flow/operations/resolve-task.ts'
import { manyTasksJson } from '../around.ts'
import { command } from '../command.ts'
import { readStatuses } from '../status-words.ts'
import { taskTable } from '../task-table.ts'

export const list = command({
  name: 'list',
  summary: 'The tasks there are',
  about:
    'Shows what is not over, the highest priority first and the oldest first within it. --status takes ready, blocked, claimed, in_progress, ' +
    'landing, paused, decomposed, completed, failed, cancelled; also active, all, pending, running, done, landed, merge-blocked.',
  options: {
    status: { type: 'string', short: 's', arg: 'words', about: 'Only these, separated by commas' },
    epic: { type: 'string', short: 'e', arg: 'epic', about: 'Only tasks of this epic' },
    label: { type: 'string', arg: 'label', about: 'Only tasks with this label' },
    all: { type: 'boolean', short: 'a', about: 'Also what is over' },
  },
  examples: ['drover list', 'drover list --status failed,blocked', 'drover list --all --json | jq ".data.tasks[].id"'],
  async run({ project, print }, { status, epic, label, all }) {
    const opened = await project()
    const { reading } = opened
    const filter = status ?? (all ? 'all' : 'active')
    const chooses = readStatuses(filter)
    const within = {
      ...(epic === undefined ? {} : { epic: (await resolveEpic(reading, epic)).id }),
      ...(label === undefined ? {} : { label }),
    }
    const every = await reading.tasks(within)
    const tasks = every.filter(chooses).toSorted((a, b) => b.priority - a.priority)
    if (print.json) return print.result({ filter, tasks: await manyTasksJson(opened, tasks) }, () => [])
    print.lines(taskTable(tasks, print))
    const over = filter === 'active' ? every.filter(isOver).length : 0
    if (over > 0)
      print.note(
        `${tasks.length > 0 ? 'And ' : 'No open tasks; '}${over} that ${over === 1 ? 'is' : 'are'} over: drover list --all`,
      )
    else if (every.length === 0) print.note('There are no tasks yet.', 'drover add "Title"')
    else if (tasks.length === 0) print.note('No task is so.')
  },
})
