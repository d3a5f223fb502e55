import type { Project } from '../../app/open-project.ts'
import { DroverError } from '../../domain/error.ts'
import type { Event } from '../../domain/event.ts'
import { isAtWork, isOver, tooLateFor, type Task } from '../../domain/task.ts'
import { hint as hintTask } from '../../flow/operations/hint.ts'
import { command } from '../command.ts'
import { forEachTask } from '../for-each-task.ts'

/** So long the agent may take to show that it heard, before this says that it will. */
const patienceMs = 3_000

export const hint = command({
  name: 'hint <task> <text...>',
  summary: 'Tell the agent of a task something',
  about:
    'It reaches the agent while it works, where the agent can hear then; else it is its next turn, or in the prompt of its next attempt. Says which; and that it is undeliverable when the task is completed before its agent could hear it.',
  options: {},
  examples: ['drover hint task-a1b2 "the schema is in docs/schema.sql"'],
  run(context, _, [word = '', ...rest]) {
    const text = rest.join(' ').trim()
    if (text === '') throw new DroverError('usage', { problem: 'a hint needs words', command: 'hint' })
    return forEachTask(context, [word], async (project, task) => {
      const said = await hintTask(project, { task, text }, project.person())
      await project.poke()
      const { delivery, why } = await fate(project, task, said)
      const now = (await project.reading.task(task.id)) ?? task
      const isInVain = delivery === 'undeliverable'
      return {
        isInVain,
        sentence: `Hint for ${task.id} ${shown[delivery]}: ${why}`,
        next: nextFor(now),
        answer: { delivery, why },
      }
    })
  },
})

const shown = { delivered: 'delivered', queued: 'queued', undeliverable: 'not delivered' } as const

const nextFor = (task: Task): string => {
  if (task.status === 'completed') return `drover retry ${task.id} --force`
  return isOver(task) ? `drover retry ${task.id}` : `drover show ${task.id}`
}

interface Fate {
  delivery: keyof typeof shown
  why: string
}

async function fate(project: Project, task: Task, said: readonly Event[]): Promise<Fate> {
  if (task.status === 'landing')
    return { delivery: 'queued', why: 'its work is landing already; its agent hears it only if that fails' }
  if (!isAtWork(task)) return { delivery: 'queued', why: 'it will be in the next prompt' }
  const found = said.find((event) => event.type === 'task.hinted')
  const way = await wayOf(project, task)
  if (way === 'none' || found?.type !== 'task.hinted')
    return { delivery: 'queued', why: 'this agent hears nothing while it works; its next prompt will have it' }
  const heard = await heardOrLate(project, task, found)
  if (heard !== undefined) return heard
  const { isHeld } = await import('../../app/lock.ts')
  if (!isHeld(project.places)) return { delivery: 'queued', why: 'nobody drives; it is the first that its agent hears' }
  const words = { steer: 'its next step', queue: 'its next turn', interrupt: 'its next turn' }
  return { delivery: 'queued', why: `its agent takes it up at ${words[way]}` }
}

async function wayOf(project: Project, task: Task) {
  if (task.run !== null) return 'none'
  const agent = (await project.reading.attempt(task.id, task.attempt))?.agent ?? project.config.settings.agent
  const { openAgents } = await import('../../app/open-agents.ts')
  return openAgents(project.config, project.places).driverFor(agent).abilities.hint
}

/** A sub-task's hint is its own; it has no attempt of its own to ask about. */
async function heardOrLate(
  project: Project,
  task: Task,
  hinted: Event & { type: 'task.hinted' },
): Promise<Fate | undefined> {
  const { reading, ledger, clock } = project
  const bell = ledger.bell()
  const late = clock.ticks() + patienceMs
  for (;;) {
    const told = await reading.events(hinted.seq, { task: task.id, types: ['task.hint_delivered'] }, 500)
    if (told.some(({ type, data }) => type === 'task.hint_delivered' && data.hint === hinted.data.hint))
      return { delivery: 'delivered', why: 'its agent has it' }
    const why = tooLateFor((await reading.task(task.id)) ?? task)
    if (why !== undefined) return { delivery: 'undeliverable', why }
    const left = late - clock.ticks()
    if (left <= 0) return undefined
    await bell(left, new AbortController().signal)
  }
}
