import { changeNeeds } from '../../flow/operations/need.ts'
import { resolveTask } from '../../flow/operations/resolve-task.ts'
import { oneTaskJson } from '../around.ts'
import { changing } from '../changing.ts'
import { command, type Context } from '../command.ts'
import { listed } from '../task-options.ts'

export const needAdd = command({
  name: 'need add <task> <on...>',
  summary: 'Make a task wait for others',
  options: {},
  examples: ['drover need add task-ship task-build task-test'],
  run: (context, _, [word = '', ...on]) => change(context, word, { add: listed(on) ?? [], remove: [] }),
})

export const needRm = command({
  name: 'need rm <task> <on...>',
  summary: 'Let a task no longer wait for others',
  options: {},
  examples: ['drover need rm task-ship task-build'],
  run: (context, _, [word = '', ...on]) => change(context, word, { add: [], remove: listed(on) ?? [] }),
})

async function change(context: Context, word: string, wish: { add: string[]; remove: string[] }): Promise<void> {
  const { here, id, isChanged } = await changing(context, async (project) => {
    const task = await resolveTask(project.reading, word)
    const events = await changeNeeds(project, { task, ...wish }, project.person())
    return { here: project, id: task.id, isChanged: events.length > 0 }
  })
  const task = await oneTaskJson(here, await resolveTask(here.reading, id))
  const needs = task.needs.length > 0 ? `needs ${task.needs.join(', ')}` : 'needs nothing'
  context.print.done(
    { task, changed: isChanged },
    isChanged ? `${id} now ${needs}` : `${id} ${needs} already: nothing to change`,
    `drover why ${id}`,
  )
}
