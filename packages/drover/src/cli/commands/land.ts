import type { Task } from '../../domain/task.ts'
import { land as landTask, landAgain } from '../../flow/operations/land.ts'
import { resolveTask } from '../../flow/operations/resolve-task.ts'
import { command } from '../command.ts'
import { escaped } from '../escape.ts'
import { forEachTask } from '../for-each-task.ts'
import { landingJson } from '../json.ts'
import { landingLine } from '../task-page.ts'

const queued = ({ id }: Task) => ({
  sentence: `${id} is in the landing lane`,
  next: `drover why ${id}   (a run or a daemon lands it)`,
})

export const land = command({
  name: 'land <task...>',
  summary: 'Land work that waits for you',
  about:
    'Approves what waits for a review, and tries again what a checkout was in the way of. It lands when its turn comes: gated, on the tip.',
  options: {},
  examples: ['drover land task-a1b2'],
  run: (context, _, words) =>
    forEachTask(context, words, async (project, task) => {
      await landTask(project, task, project.person())
      return queued(task)
    }),
})

export const landRetry = command({
  name: 'land retry <task...>',
  summary: 'Try a refused landing again, without an agent',
  about: 'For tasks that are blocked for a conflict or a red gate (merge-blocked).',
  options: {},
  examples: ['drover land retry task-a1b2'],
  run: (context, _, words) =>
    forEachTask(context, words, async (project, task) => {
      await landAgain(project, task, project.person())
      return queued(task)
    }),
})

export const landHistory = command({
  name: 'land history [task]',
  summary: 'The landings there were',
  options: {},
  examples: ['drover land history', 'drover land history task-a1b2 --json'],
  async run({ project, print }, _, [word]) {
    const { reading, clock } = await project()
    const task = word === undefined ? undefined : await resolveTask(reading, word)
    const landings = await reading.landings(task?.id)
    print.result({ landings: landings.map(landingJson) }, () =>
      landings.map((landing) => `${landing.task}  ${landingLine(landing, print, clock.now())}`),
    )
    if (landings.length === 0 && !print.json) print.note('no land attempts recorded')
  },
})

export const landStatus = command({
  name: 'land status',
  summary: 'What is landing, and what waits to',
  options: {},
  examples: ['drover land status'],
  async run({ project, print }) {
    const { reading } = await project()
    const tasks = await reading.tasks({
      statuses: ['landing', 'blocked'],
      reasons: ['review', 'checkout', 'conflict', 'gate'],
    })
    const whole = tasks.filter(({ kind }) => kind !== 'subtask')
    const [lane, waiting] = [
      whole.filter(({ status }) => status === 'landing'),
      whole.filter(({ status }) => status === 'blocked'),
    ]
    print.result({ landing: lane.map(shown), waiting: waiting.map(shown) }, () => [
      ...lane.map(({ id, title }) => `landing  ${id}: ${escaped(title)}`),
      ...waiting.map(
        ({ id, blockedReason, blockedNote }) =>
          `${blockedReason}  ${id}${blockedNote ? `: ${escaped(blockedNote)}` : ''}`,
      ),
    ])
    if (whole.length === 0 && !print.json) print.note('Nothing is landing, and nothing waits to.')
  },
})

const shown = ({ id, title, status, blockedReason, blockedNote }: Task) => ({
  id,
  title,
  status,
  blockedReason,
  blockedNote: blockedNote || null,
})
