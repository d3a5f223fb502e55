import { command, type Context } from '../command.ts'
import { graphLines, splitNeeds } from '../graph.ts'
import { manyTasksJson } from '../around.ts'
import { parkedWords } from '../rest.ts'
import { look, momentJson } from '../standing.ts'
import { treeLines } from '../tree.ts'
import { oneLine, view } from '../view.ts'
import { showTask } from './show.ts'
import { watchLive } from './watch.ts'

export const status = command({
  name: 'status [task]',
  summary: 'How far everything is',
  about: 'With a task: the same as drover show.',
  options: {
    watch: { type: 'boolean', short: 'w', about: 'Stay and show what changes' },
    tree: { type: 'boolean', short: 't', about: 'Tasks with their sub-tasks' },
    graph: { type: 'boolean', short: 'g', about: 'Tasks in the order of their needs' },
    oneline: { type: 'boolean', about: 'One line for a status bar' },
    ascii: { type: 'boolean', about: 'No emoji' },
  },
  examples: ['drover status', 'drover status --watch', 'drover status --tree', 'drover status --oneline'],
  async run(context, values, [word]) {
    if (word !== undefined) return showTask(context, word)
    if (values.watch)
      return watchLive(context, { epic: undefined, oneline: values.oneline === true, ascii: values.ascii === true })
    if (values.tree || values.graph) return showAll(context, values)
    const project = await context.project()
    const ascii = values.ascii === true || context.print.ascii
    const { print } = context
    if (values.oneline && !print.json) {
      const { reading, clock } = project
      const rests = parkedWords(await reading.accounts(), clock.now(), ascii)
      return print.lines([oneLine(await reading.standing(), ascii, rests)])
    }
    const moment = await look(project)
    print.result(momentJson(moment), () =>
      view({ moment, story: [], footer: '' }, { width: print.width, paint: print.paint, ascii }),
    )
    if (moment.standing.total === 0 && !print.json) print.note('There are no tasks yet.', 'drover add "Title"')
  },
})

async function showAll(
  { project, print }: Context,
  { tree, ascii }: { tree?: boolean | undefined; ascii?: boolean | undefined },
): Promise<void> {
  const opened = await project()
  const { reading } = opened
  const tasks = await reading.tasks({})
  if (print.json) return print.result({ tasks: await manyTasksJson(opened, tasks) }, () => [])
  const shape = { width: print.width, ascii: ascii === true || print.ascii }
  print.lines(
    tree ? treeLines(tasks, shape) : graphLines(tasks, [...(await reading.allNeeds()), ...splitNeeds(tasks)], shape),
  )
}
