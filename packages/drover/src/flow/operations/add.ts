import { adviceOn, checkTitle, plainWords, readSubtaskTitle } from '../../domain/draft.ts'
import { DroverError } from '../../domain/error.ts'
import { checkId, splitSubtaskId, subtaskId } from '../../domain/id.ts'
import type { Task, TaskWords } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import type { Reading } from '../../ports/reading.ts'
import { freeId, freshId } from './epic.ts'
import { needed, refuseNeedsOfSubtask } from './need.ts'
import { takesParts } from './possible.ts'
import { resolveEpic, resolveTask } from './resolve-task.ts'
import { emailOf, type Ports, say } from './say.ts'

export interface Addition {
  title: string
  words: Partial<TaskWords>
  id: string | undefined
  parent: string | undefined
  needs: readonly string[]
  defaults: { labels: readonly string[]; maxAttempts: number }
}

/** Where a new task stands: by itself, or as a part of another. */
interface Place {
  id: string | undefined
  title: string
  parent: Task | undefined
  sequence: number | null
}

/** Adds one task and says what could make it clearer. */
export async function addTask(
  ports: Ports,
  addition: Addition,
  by: Speaker,
): Promise<{ task: Task; advice: string[] }> {
  const { reading } = ports
  const place = await placeOf(reading, addition)
  refuseNeedsOfSubtask(place.parent !== undefined, addition.needs)
  if (place.id !== undefined && addition.needs.includes(place.id)) throw new DroverError('self-need', { id: place.id })
  const needs = await needed(reading, addition.needs)
  const words = await wordsOf(reading, addition, place)
  const id = place.id === undefined ? await freshId(ports, 'task') : await freeId(reading, place.id)
  const kind = place.parent ? 'subtask' : 'task'
  const data = {
    words,
    kind,
    parentId: place.parent?.id ?? null,
    sequence: place.sequence,
    needs,
    status: 'ready',
    imported: false,
    email: emailOf(by),
    createdAt: null,
  } as const
  await say(ports.ledger, [{ type: 'task.created', task: id, data: { ...data, needs } }], by, 'add')
  return { task: await resolveTask(reading, id), advice: adviceOn(words) }
}

async function placeOf(reading: Reading, { title, id, parent }: Addition): Promise<Place> {
  const named = parent === undefined ? await readTitle(reading, title) : undefined
  if (named)
    return subtaskOf(reading, await resolveTask(reading, named.parent), {
      sequence: named.sequence,
      title: named.title,
    })
  if (parent !== undefined)
    return subtaskOf(reading, await resolveTask(reading, parent), { sequence: undefined, title })
  return { id: id === undefined ? undefined : checkId(id), title, parent: undefined, sequence: null }
}

/** Only the ledger knows whether the first word of a title is the id of a task. */
async function readTitle(reading: Reading, title: string): Promise<ReturnType<typeof readSubtaskTitle>> {
  const split = splitSubtaskId(title.trim().split(/\s/, 1)[0] ?? '')
  const exists = split !== undefined && (await reading.task(split.parent)) !== undefined
  return readSubtaskTitle(title.trim(), () => exists)
}

async function subtaskOf(
  reading: Reading,
  parent: Task,
  part: { sequence: number | undefined; title: string },
): Promise<Place> {
  await refuseParent(reading, parent)
  const taken = (await reading.subtasks(parent.id)).map(({ sequence }) => sequence ?? 0)
  const sequence = part.sequence ?? Math.max(0, ...taken) + 1
  return { id: subtaskId(parent.id, sequence), title: part.title, parent, sequence }
}

/** A parent must still be open, up to the task whose attempt it is part of, and not be two levels down itself. */
async function refuseParent(reading: Reading, parent: Task): Promise<void> {
  if (!takesParts(parent)) throw new DroverError('parent-closed', { id: parent.id, status: parent.status })
  const above = parent.parentId !== null && parent.kind === 'subtask' ? await reading.task(parent.parentId) : undefined
  if (!above) return
  if (above.kind === 'subtask') throw new DroverError('too-deep', { id: `${parent.id}.n` })
  await refuseParent(reading, above)
}

async function wordsOf(reading: Reading, { words, defaults }: Addition, { parent, title }: Place): Promise<TaskWords> {
  const epicId = words.epicId == null ? (parent?.epicId ?? null) : (await resolveEpic(reading, words.epicId)).id
  const inherited = parent ? { priority: parent.priority, agent: parent.agent } : {}
  const labels = [...new Set([...defaults.labels, ...(words.labels ?? [])])]
  return {
    ...plainWords,
    maxAttempts: defaults.maxAttempts,
    ...inherited,
    ...words,
    title: checkTitle(title),
    epicId,
    labels,
  }
}
