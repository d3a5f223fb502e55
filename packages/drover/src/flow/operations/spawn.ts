import { checkTitle, plainWords } from '../../domain/draft.ts'
import { DroverError } from '../../domain/error.ts'
import type { NewEvent, NewTask } from '../../domain/event.ts'
import { isAtWork, isOver, type Task, type TaskType } from '../../domain/task.ts'
import type { Settings } from '../../domain/settings.ts'
import type { Speaker } from '../../ports/ledger.ts'
import type { Reading } from '../../ports/reading.ts'
import { spawnedBy } from '../child.ts'
import { freshId } from './epic.ts'
import { resolveTask } from './resolve-task.ts'
import { type Ports, say } from './say.ts'

/** An agent, as its token shows it. */
export type Agent = Extract<Speaker, { kind: 'agent' }>
export type Bounds = Ports & { settings: Settings }

export interface Wish {
  title: string
  description: string
  type: TaskType
  /** The task of this agent goes on when the new one is over. */
  waits: boolean
}

/** Makes a task of its own for what an agent found to do. The same wish twice is one task. */
export async function spawn(ports: Bounds, wish: Wish, by: Agent): Promise<{ task: Task; isNew: boolean }> {
  const { ledger, reading } = ports
  const parent = await atWork(reading, by)
  if (wish.waits) await refuseCommand(reading, by)
  const title = checkTitle(wish.title)
  const known = (await spawnedBy(reading, parent.id)).find(
    (one) => one.title === title && one.description === wish.description,
  )
  if (known) {
    if (wish.waits && !isOver(known)) await say(ledger, await waitFor(reading, parent, known.id), by, 'create_subtask')
    return { task: known, isNew: false }
  }
  await refuseTooMany(ports, parent, 1)
  const id = await freshId(ports, 'task')
  const words = { ...inherited(parent), type: wish.type, title, description: wish.description }
  const created: NewEvent = { type: 'task.created', task: id, data: { ...born(parent), kind: 'spawned', words } }
  await say(ledger, [created, ...(wish.waits ? needing(parent, id) : [])], by, 'create_subtask')
  return { task: await resolveTask(reading, id), isNew: true }
}

const needing = (parent: Task, id: string): NewEvent[] => [
  {
    type: 'task.edited',
    task: parent.id,
    attempt: parent.attempt,
    data: { words: {}, addNeeds: [id], removeNeeds: [], until: 'over' },
  },
]

/** Told anew in each attempt, also where the need stands already: an attempt rests for what it asked for itself. */
async function waitFor(reading: Reading, parent: Task, id: string): Promise<NewEvent[]> {
  const needs = await reading.needsOf(parent.id)
  if (needs.some((need) => need.id === id && need.until === 'completed')) return []
  return needing(parent, id)
}

/** Whose attempt this agent is part of; it must still be at work. */
export async function atWork(reading: Reading, by: Agent): Promise<Task> {
  let task = await reading.task(by.task)
  while (task?.kind === 'subtask' && task.parentId !== null) task = await reading.task(task.parentId)
  if (!task || !isAtWork(task) || task.attempt !== by.attempt) throw new DroverError('refused-token', {})
  return task
}

/** A command that does a task is judged by how it ends: it could not be told what it waits for. */
export async function refuseCommand(reading: Reading, by: Agent): Promise<void> {
  if ((await reading.task(by.task))?.run != null)
    throw new DroverError('usage', {
      problem: `${by.task} is done by a command (--run), which cannot wait: report BLOCK, or give the task to an agent`,
      command: 'mcp',
    })
}

/** What a task that comes from another takes over from it. */
export const inherited = ({ epicId, priority, agent, model, labels, repos, land, maxAttempts }: Task) => ({
  ...plainWords,
  epicId,
  priority,
  agent,
  model,
  labels,
  repos,
  land,
  maxAttempts,
})

export const born = (parent: Task): Omit<NewTask, 'words' | 'kind'> => ({
  parentId: parent.id,
  sequence: null,
  needs: [],
  status: 'ready',
  imported: false,
  email: parent.email,
  createdAt: null,
})

function refuse(problem: string, setting: string): never {
  throw new DroverError('spawn-limit', { problem, setting })
}

/** How deep, how many from one task, how many in one run. */
export async function refuseTooMany({ reading, settings }: Bounds, parent: Task, more: number): Promise<void> {
  const { 'spawn.max_depth': deep, 'spawn.max_per_task': each, 'spawn.max_per_run': all } = settings
  if ((await depthOf(reading, parent)) + 1 > deep)
    refuse(`a task made by a task may be ${deep} deep, and ${parent.id} is as deep already`, 'spawn.max_depth')
  const children = (await reading.tasks({ parent: parent.id })).filter(({ kind }) => kind !== 'subtask')
  if (children.length + more > each)
    refuse(`${parent.id} has made ${children.length} tasks, and may make ${each}`, 'spawn.max_per_task')
  const made = await reading.spawnedInRun()
  if (made + more > all) refuse(`${made} tasks were made in this run, and ${all} may be`, 'spawn.max_per_run')
}

/** 0 for a task that a person made. */
async function depthOf(reading: Reading, { kind, parentId }: Task): Promise<number> {
  if (parentId === null) return 0
  const parent = await reading.task(parentId)
  if (!parent) return 0
  return (kind === 'subtask' ? 0 : 1) + (await depthOf(reading, parent))
}
