import { plainWords } from '../domain/draft.ts'
import type { NewEvent } from '../domain/event.ts'
import type { AttemptEnd } from '../domain/settle.ts'
import type { Task } from '../domain/task.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { Reading } from '../ports/reading.ts'
import type { Crew } from './crew.ts'
import { freshId } from './operations/epic.ts'

/** How many tasks deep one may resolve what blocks another. */
const deepest = 3
/** How many times a task may be helped so before a person is asked. */
const most = 20
const longestTitle = 200

/**
 * With `on_blocked = "task"`: the events of an attempt that cannot go on, and of a task that resolves it and that it waits
 * for. Nothing where a person is to be asked: also when the same was tried before, or when it would go on for ever.
 */
export async function resolution(crew: Crew, task: Task, end: AttemptEnd): Promise<NewEvent[] | undefined> {
  if (crew.settings.on_blocked !== 'task') return undefined
  if (end.kind !== 'judged' || end.verdict.verdict !== 'block' || end.verdict.by === 'drover') return undefined
  const words = wordsFor(task, end.verdict)
  if (!(await mayFile(crew.reading, task, words))) return undefined
  const id = await freshId(crew, 'task')
  const { verdict } = end
  const about = { task: task.id, attempt: task.attempt }
  const note = `waits for ${id}, which resolves: ${verdict.summary}`
  return [
    { type: 'task.blocked', ...about, data: { reason: 'needs', note, counts: false, verdict } },
    { type: 'task.created', task: id, data: { ...born(task), words: { ...inherited(task), ...words } } },
    { type: 'task.edited', ...about, data: { words: {}, addNeeds: [id], removeNeeds: [], until: 'over' } },
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

/** The same obstacle twice is nothing that one more task would take away. */
async function mayFile(reading: Reading, task: Task, words: { title: string; description: string }): Promise<boolean> {
  const made = (await reading.tasks({ parent: task.id })).filter(({ kind }) => kind === 'spawned')
  const isKnown = made.some(({ title, description }) => title === words.title && description === words.description)
  return !isKnown && made.length < most && (await depthOf(reading, task)) < deepest
}

/** 0 for a task that a person made. */
async function depthOf(reading: Reading, { parentId }: Task): Promise<number> {
  const parent = parentId === null ? undefined : await reading.task(parentId)
  return parent ? 1 + (await depthOf(reading, parent)) : 0
}

const inherited = ({ epicId, priority, agent, model, labels, repos, land, maxAttempts }: Task) => ({
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

const born = ({ id, email }: Task) =>
  ({
    kind: 'spawned',
    parentId: id,
    sequence: null,
    needs: [],
    status: 'ready',
    imported: false,
    email,
    createdAt: null,
  }) as const
