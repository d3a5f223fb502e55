import { DroverError } from '../domain/error.ts'
import type { NewEvent } from '../domain/event.ts'
import type { AttemptEnd } from '../domain/settle.ts'
import type { Task } from '../domain/task.ts'
import type { Verdict } from '../domain/verdict.ts'
import { spawnedBy } from './child.ts'
import type { Crew } from './crew.ts'
import { freshId } from './operations/epic.ts'
import { born, inherited, refuseTooMany } from './operations/spawn.ts'

const longestTitle = 200

/**
 * With `on_blocked = "task"`: the events of an attempt that cannot go on, and of a task that resolves it and that it waits
 * for. Nothing where a person is to be asked: also when the same was tried before, or when it would go on for ever.
 */
export async function resolution(crew: Crew, task: Task, end: AttemptEnd): Promise<NewEvent[] | undefined> {
  if (crew.settings.on_blocked !== 'task') return undefined
  if (end.kind !== 'judged' || end.verdict.verdict !== 'block' || end.verdict.by === 'drover') return undefined
  const words = wordsFor(task, end.verdict)
  if (!(await mayFile(crew, task, words))) return undefined
  const id = await freshId(crew, 'task')
  const { verdict } = end
  const about = { task: task.id, attempt: task.attempt }
  const note = `waits for ${id}, which resolves: ${verdict.summary}`
  return [
    {
      type: 'task.created',
      task: id,
      data: { ...born(task), kind: 'spawned', words: { ...inherited(task), type: 'implementation', ...words } },
    },
    { type: 'task.edited', ...about, data: { words: {}, addNeeds: [id], removeNeeds: [], until: 'over' } },
    // Last: one that has nothing to wait for yet would go on at once.
    { type: 'task.blocked', ...about, data: { reason: 'needs', note, counts: false, verdict } },
  ]
}

const wordsFor = ({ id, title }: Task, { summary, detail }: Verdict): { title: string; description: string } => {
  const line = `Resolve what blocks ${id}: ${summary.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim()}`
  return {
    title: line.length > longestTitle ? `${line.slice(0, longestTitle - 1)}…` : line,
    description: [
      `${id} (${title}) cannot go on. Its agent says:`,
      summary,
      detail,
      `Do what takes this out of the way, and only that. Say in your report what ${id} must know to go on: its agent is told.`,
    ]
      .filter((part) => part.trim() !== '')
      .join('\n\n'),
  }
}

/** The same obstacle twice is nothing that one more task would take away; and there are bounds to what may be made of one. */
async function mayFile(crew: Crew, task: Task, words: { title: string; description: string }): Promise<boolean> {
  const made = await spawnedBy(crew.reading, task.id)
  if (made.some(({ title, description }) => title === words.title && description === words.description)) return false
  try {
    await refuseTooMany(crew, task, 1)
    return true
  } catch (error) {
    if (error instanceof DroverError && error.code === 'spawn-limit') return false
    throw error
  }
}
