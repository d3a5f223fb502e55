import { readPriority } from '../../domain/draft.ts'
import { glance, progress, type Standing, standingOf } from '../../domain/summary.ts'
import { addEpic, closeEpic } from '../../flow/operations/epic.ts'
import { resolveEpic } from '../../flow/operations/resolve-task.ts'
import { manyTasksJson } from '../around.ts'
import { changing } from '../changing.ts'
import { columns } from '../columns.ts'
import { command } from '../command.ts'
import { escaped, escapedLines } from '../escape.ts'
import { epicJson } from '../json.ts'
import { taskTable } from '../task-table.ts'

const none: Standing = standingOf([])

export const epicAdd = command({
  name: 'epic add <title...>',
  summary: 'Add an epic: a named group of tasks',
  options: {
    description: { type: 'string', short: 'd', about: 'What it is about' },
    priority: { type: 'string', short: 'p', arg: 'n', about: '0 to 10, or low, normal, high, critical' },
    label: { type: 'string', multiple: true, arg: 'word', about: 'A label; may be given more than once' },
    id: { type: 'string', arg: 'id', about: 'Its id, instead of one that drover makes' },
  },
  examples: ['drover epic add "Accounts" -d "Sign up, log in, log out"'],
  async run(context, { description = '', priority = 'normal', label = [], id }, words) {
    const wish = { title: words.join(' '), description, priority: readPriority(priority), labels: label, id }
    const epic = await changing(context, (project) => addEpic(project, wish, project.person()))
    context.print.done(
      { epic: epicJson(epic, none) },
      `Created epic ${epic.id}: ${escaped(epic.title)}`,
      `drover add "…" --epic ${epic.id}`,
    )
  },
})

export const epicList = command({
  name: 'epic list',
  summary: 'The epics and how far they are',
  options: {},
  examples: ['drover epic list', 'drover epic list --json'],
  async run({ project, print }) {
    const { reading } = await project()
    const [epics, standings] = await Promise.all([reading.epics(), reading.standingByEpic()])
    const rows = epics.map((epic) => ({ epic, standing: standings.get(epic.id) ?? none }))
    const shape = [
      { head: 'EPIC' },
      { head: 'STATUS' },
      { head: 'DONE', align: 'right' },
      { head: 'TITLE', shrinks: true },
    ] as const
    print.result({ epics: rows.map(({ epic, standing }) => epicJson(epic, standing)) }, () =>
      columns(
        shape,
        rows.map(({ epic, standing }) => [
          epic.id,
          epic.status,
          `${standing.counts.completed}/${standing.total}`,
          escaped(epic.title),
        ]),
        { width: print.width, heads: print.isTerminal },
      ),
    )
    if (rows.length === 0 && !print.json) print.note('There are no epics yet.', 'drover epic add "Title"')
  },
})

export const epicShow = command({
  name: 'epic show <epic>',
  summary: 'One epic with its tasks',
  options: {},
  examples: ['drover epic show epic-a1b2'],
  async run({ project, print }, _, [word = '']) {
    const opened = await project()
    const { reading } = opened
    const epic = await resolveEpic(reading, word)
    const [standing, tasks] = await Promise.all([reading.standing(epic.id), reading.tasks({ epic: epic.id })])
    const answer = { epic: epicJson(epic, standing), tasks: await manyTasksJson(opened, tasks) }
    const { done, running, queued, blocked } = glance(standing)
    print.result(answer, () => [
      `${epic.id}: ${print.paint('bold', escaped(epic.title))} (${epic.status})`,
      ...(epic.description === '' ? [] : escapedLines(epic.description).map((line) => `  ${line}`)),
      `  ${done} of ${standing.total} done (${Math.floor(progress(standing) * 100)} %), ${running} running, ${queued} queued, ${blocked} blocked`,
      ...(tasks.length > 0 ? ['', ...taskTable(tasks, print)] : []),
    ])
  },
})

export const epicClose = command({
  name: 'epic close <epic>',
  summary: 'Close an epic',
  about: 'Its tasks stay as they are.',
  options: { reason: { type: 'string', short: 'm', about: 'Why' } },
  examples: ['drover epic close epic-a1b2 -m "shipped"'],
  async run(context, { reason = '' }, [word = '']) {
    const { epic, standing, isClosed } = await changing(context, async (project) => {
      const found = await resolveEpic(project.reading, word)
      const closed = await closeEpic(project, { epic: found, reason }, project.person())
      return { epic: found, standing: await project.reading.standing(found.id), isClosed: closed }
    })
    const { running, queued } = glance(standing)
    const open = running + queued > 0 ? `; ${running + queued} of its tasks go on` : ''
    context.print.done(
      { epic: epicJson({ ...epic, status: 'closed' }, standing) },
      isClosed ? `Closed epic ${epic.id}${open}` : `${epic.id} was closed before`,
    )
  },
})
