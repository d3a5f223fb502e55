import { plainWords } from '../../domain/draft.ts'
import { DroverError } from '../../domain/error.ts'
import type { NewEvent } from '../../domain/event.ts'
import { findCircle } from '../../domain/needs.ts'
import { isAtWork, type Task, type TaskWords } from '../../domain/task.ts'
import type { Ledger, Speaker } from '../../ports/ledger.ts'
import type { Epic } from '../../domain/rows.ts'
import type { Reading } from '../../ports/reading.ts'
import { grouped } from './circle.ts'
import { splitInto } from './split-into.ts'
import { takesParts } from './possible.ts'
import { type Entry, readJsonl } from './read-jsonl.ts'
import { emailOf, on, type Ports, say } from './say.ts'

export interface Import {
  text: string
  defaults: { labels: readonly string[]; maxAttempts: number }
  dryRun: boolean
  /** Told how many of all are written, while they are. */
  hear?: (written: number, all: number) => void
}

export interface Imported {
  epics: string[]
  tasks: string[]
  updated: string[]
  unchanged: number
  warnings: string[]
}

/** What the file and the ledger know together, by id. */
interface World {
  entries: ReadonlyMap<string, Entry>
  tasks: ReadonlyMap<string, Task>
  epics: ReadonlyMap<string, Epic>
  needs: ReadonlyMap<string, string[]>
  /** What each task that was split is waiting for. */
  split: ReadonlyMap<string, readonly string[]>
  broken: ReadonlySet<string>
  /** Which place a sub-task of the file has among those of its parent. */
  places: ReadonlyMap<string, number>
}

/** Takes over a whole file or nothing of it. What is here already is brought up to date, never doubled. */
export async function importJsonl({ ledger, reading }: Ports, wish: Import, by: Speaker): Promise<Imported> {
  const { entries, problems, warnings, broken } = readJsonl(wish.text)
  const world = await look(reading, entries, broken)
  const all = [
    ...problems,
    ...entries.flatMap((entry) => problemsOf(entry, world)),
    ...circles(entries, world),
  ].toSorted(byLine)
  if (all.length > 0) throw new DroverError('bad-import', { problems: firstOf(all) })
  const imported: Imported = { epics: [], tasks: [], updated: [], unchanged: 0, warnings }
  const ordered = entries.toSorted((a, b) => depth(a, world) - depth(b, world) || a.line - b.line)
  const events = ordered.flatMap((entry) => eventsOf(entry, { world, wish, imported, email: emailOf(by) }))
  const told: Pick<Ledger, 'append'> = {
    append: (said, who) => ledger.append(said, who, undefined, (written) => wish.hear?.(written, said.length)),
  }
  if (events.length > 0 && !wish.dryRun) await say(told, events, by, 'import-jsonl')
  return imported
}

const firstOf = (problems: string[]): string[] =>
  problems.length > 20 ? [...problems.slice(0, 20), `… and ${problems.length - 20} more`] : problems
const lineOf = (problem: string): number => Number(/^line (\d+)/.exec(problem)?.[1] ?? Infinity)
const byLine = (a: string, b: string): number => lineOf(a) - lineOf(b) || 0

async function look(reading: Reading, entries: readonly Entry[], broken: ReadonlySet<string>): Promise<World> {
  const tasks = await reading.tasks({})
  return {
    entries: new Map(entries.map((entry) => [entry.id, entry])),
    tasks: new Map(tasks.map((task) => [task.id, task])),
    epics: new Map((await reading.epics()).map((epic) => [epic.id, epic])),
    needs: grouped(await reading.allNeeds()),
    split: await intoParts(reading, tasks),
    broken,
    places: placesOf(entries),
  }
}

/** A task that was split waits for its parts. */
async function intoParts(reading: Reading, tasks: readonly Task[]): Promise<Map<string, string[]>> {
  const split = tasks.filter(({ status }) => status === 'decomposed')
  return new Map(await Promise.all(split.map(async (one) => [one.id, await splitInto(reading, one)] as const)))
}

function placesOf(entries: readonly Entry[]): Map<string, number> {
  const counts = new Map<string, number>()
  const places = new Map<string, number>()
  for (const { id, parentId } of entries) {
    if (parentId === undefined) continue
    counts.set(parentId, (counts.get(parentId) ?? 0) + 1)
    places.set(id, counts.get(parentId)!)
  }
  return places
}

function problemsOf(entry: Entry, world: World): string[] {
  const { entries, tasks, epics, broken } = world
  const isTask = (id: string): boolean => entries.get(id)?.kind === 'task' || tasks.has(id) || broken.has(id)
  const isEpic = (id: string): boolean => entries.get(id)?.kind === 'epic' || epics.has(id) || broken.has(id)
  const found: string[] = []
  if (entry.kind === 'epic' ? tasks.has(entry.id) : epics.has(entry.id))
    found.push(`"${entry.id}" is ${entry.kind === 'epic' ? 'a task' : 'an epic'} here already`)
  if (entry.epicId !== undefined && !isEpic(entry.epicId)) found.push(`there is no epic "${entry.epicId}"`)
  for (const need of entry.needs ?? []) if (!isTask(need)) found.push(`there is no task "${need}" to be blocked by`)
  if (entry.parentId !== undefined) found.push(...problemsOfParent(entry, entry.parentId, world))
  return found.map((problem) => `line ${entry.line}: ${problem}`)
}

function problemsOfParent(entry: Entry, parentId: string, world: World): string[] {
  const parent = world.tasks.get(parentId)
  if (!parent && world.entries.get(parentId)?.kind !== 'task' && !world.broken.has(parentId))
    return [`there is no story "${parentId}"`]
  if ((entry.needs ?? []).length > 0) return ['a sub-task runs in its story’s order: give "blocked_by" to the story']
  if (depth(entry, world) > 2) return [`"${entry.id}" would be deeper than a sub-task of a sub-task`]
  const closed = parent !== undefined && !world.tasks.has(entry.id) && !takesParts(parent)
  return closed ? [`${parentId} is ${parent.status}, so it takes no more sub-tasks`] : []
}

/** Where it runs as a part; who was made by another task runs by itself. */
const parentOf = (task: Task | undefined): string | undefined =>
  task?.kind === 'subtask' ? (task.parentId ?? undefined) : undefined

/** How far below a task that runs by itself; -1 for epics, which come before all. */
function depth(entry: Entry, { entries, tasks }: World): number {
  if (entry.kind === 'epic') return -1
  let levels = 0
  for (let id = entry.parentId; id !== undefined && levels < 4; levels++)
    id = entries.get(id)?.parentId ?? parentOf(tasks.get(id))
  return levels
}

function circles(entries: readonly Entry[], { needs, tasks, split }: World): string[] {
  const edges = new Map(needs)
  for (const { id, needs: own } of entries) if (own) edges.set(id, own)
  const parts = [...tasks.values()].filter(({ kind }) => kind === 'subtask')
  for (const { id, parentId } of [...parts, ...entries])
    if (parentId) edges.set(id, [...(edges.get(id) ?? []), parentId])
  for (const [id, into] of split) edges.set(id, [...(edges.get(id) ?? []), ...into])
  const path = findCircle(edges)
  const line = path && entries.find(({ id }) => path.includes(id))?.line
  return path ? [`line ${line}: these needs form a circle: ${path.join(' → ')}`] : []
}

interface Work {
  world: World
  wish: Import
  imported: Imported
  email: string | null
}

function eventsOf(entry: Entry, work: Work): NewEvent[] {
  const { id, kind, words } = entry
  if (kind === 'task') return work.world.tasks.has(id) ? updated(entry, work) : [created(entry, work)]
  const { title, description = '', priority = 5, labels = [] } = words
  const epic = work.world.epics.get(id)
  const isNew = epic === undefined
  const said = { title, description, priority, labels }
  if (epic && isDeepSame(said, epic)) {
    work.imported.unchanged++
    return []
  }
  ;(isNew ? work.imported.epics : work.imported.updated).push(id)
  return [
    isNew
      ? { type: 'epic.created', epic: id, data: { ...said, imported: false } }
      : { type: 'epic.edited', epic: id, data: said },
  ]
}

const isDeepSame = (
  said: Omit<Epic, 'id' | 'status' | 'createdAt'>,
  { title, description, priority, labels }: Epic,
): boolean => JSON.stringify(said) === JSON.stringify({ title, description, priority, labels })

function created(entry: Entry, { world, wish, imported, email }: Work): NewEvent {
  const { id, parentId, needs } = entry
  imported.tasks.push(id)
  const epicId = epicOf(entry, world)
  const labels = [...new Set([...wish.defaults.labels, ...(entry.words.labels ?? [])])]
  const words: TaskWords = { ...plainWords, maxAttempts: wish.defaults.maxAttempts, ...entry.words, epicId, labels }
  return {
    type: 'task.created',
    task: id,
    data: {
      words,
      kind: parentId === undefined ? 'task' : 'subtask',
      parentId: parentId ?? null,
      sequence: world.places.get(id) ?? null,
      needs: [...new Set(needs)],
      status: 'ready',
      imported: false,
      email,
      createdAt: null,
    },
  }
}

/** A sub-task belongs to its story's epic. */
function epicOf(entry: Entry, world: World): string | null {
  if (entry.epicId !== undefined) return entry.epicId
  if (entry.parentId === undefined) return null
  const parent = world.entries.get(entry.parentId)
  return parent ? epicOf(parent, world) : (world.tasks.get(entry.parentId)?.epicId ?? null)
}

function updated(entry: Entry, { world, imported }: Work): NewEvent[] {
  const task = world.tasks.get(entry.id)!
  const words = changes(task, entry.epicId === undefined ? entry.words : { ...entry.words, epicId: entry.epicId })
  const before = world.needs.get(task.id) ?? []
  const after = entry.needs ?? before
  const addNeeds = [...new Set(after)].filter((id) => !before.includes(id))
  const removeNeeds = before.filter((id) => !after.includes(id))
  const same = Object.keys(words).length + addNeeds.length + removeNeeds.length === 0
  if (!same && (isAtWork(task) || task.status === 'landing'))
    imported.warnings.push(`line ${entry.line}: ${task.id} is ${task.status}, so it was left as it is`)
  else if (!same) {
    imported.updated.push(task.id)
    return [{ type: 'task.edited', ...on(task), data: { words, addNeeds, removeNeeds } }]
  }
  imported.unchanged++
  return []
}

/** Only what is different. Labels given by the settings stay. */
function changes(task: Task, words: Partial<TaskWords>): Partial<TaskWords> {
  const wanted: Partial<TaskWords> = words.labels
    ? { ...words, labels: [...new Set([...task.labels, ...words.labels])] }
    : words
  const isDifferent = ([key, value]: [string, unknown]): boolean =>
    JSON.stringify(value) !== JSON.stringify(task[key as keyof Task])
  return Object.fromEntries(Object.entries(wanted).filter(isDifferent))
}
