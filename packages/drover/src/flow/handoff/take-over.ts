import { DroverError } from '../../domain/error.ts'
import type { Event, NewEvent } from '../../domain/event.ts'
import { findCircle } from '../../domain/needs.ts'
import { interrupted } from '../../domain/settle.ts'
import { isAtWork, isOver, type Task } from '../../domain/task.ts'
import type { Speaker, Told } from '../../ports/ledger.ts'
import type { Reading } from '../../ports/reading.ts'
import { emailOf, type Ports } from '../operations/say.ts'
import type { Bare, Session } from './document.ts'

export interface TakenOver {
  tasks: string[]
  epics: string[]
  events: number
  /** Events that were here already. */
  known: number
}

/** Commands that a session brings for tasks which are to be worked on: nobody here has read them yet. */
export function commandsIn({ events, tasks }: Session): { task: string; command: string }[] {
  const over = new Set(events.flatMap(({ type, task }) => (task && endings.has(type) ? [task] : [])))
  const told = events.flatMap((event) =>
    event.type === 'task.created' || event.type === 'task.edited' ? [{ id: event.task!, words: event.data.words }] : [],
  )
  return [...told, ...tasks.filter((task) => !isOver(task))]
    .filter(({ id }) => !over.has(id))
    .flatMap(({ id, words }) =>
      [...(words.run ? [words.run] : []), ...(words.checks ?? [])].map((command) => ({ task: id, command })),
    )
}

const endings: ReadonlySet<Event['type']> = new Set(['task.completed', 'task.cancelled'])

/** Takes over a whole session or nothing of it: its history as it was, and for what has none, what is known. */
export async function takeOver(
  { ledger, reading, clock }: Ports,
  session: Session,
  { by, keepsSessions, how }: { by: Speaker & { kind: 'person' }; keepsSessions: boolean; how?: 'rehearsed' },
): Promise<TakenOver> {
  refuseCircles(session)
  const at = clock.now()
  let n = 0
  const said: Saying = (event) =>
    ({
      key: `${by.request}/import/${++n}`,
      at,
      machine: null,
      slot: null,
      actor: `person:${by.name}`,
      ...event,
    }) as Told
  const rest = (task: Task): Told[] => [
    ...(isAtWork(task) || task.status === 'landing'
      ? [said(interrupted(task, 'it was at work where it was exported', at))]
      : []),
    ...(task.session !== null && !keepsSessions && !isOver(task) ? [said(forgotten(task))] : []),
  ]
  const bare = bareEvents(await missingHere(reading, session), said, emailOf(by))
  const news = await ledger.retell([...session.events, ...bare], rest, how)
  const told = new Set(session.events.map(({ key }) => key))
  return {
    tasks: news.flatMap(({ type, task }) => (type === 'task.created' ? [task!] : [])),
    epics: news.flatMap(({ type, epic }) => (type === 'epic.created' ? [epic!] : [])),
    events: news.length,
    known: session.events.length - news.filter(({ key }) => told.has(key)).length,
  }
}

type Saying = (event: NewEvent) => Told

/** What has no history says nothing new of what is here already. */
async function missingHere(
  reading: Reading,
  { epics, tasks, needs }: Session,
): Promise<Pick<Session, 'epics' | 'tasks' | 'needs'>> {
  const here = new Set((await reading.tasks({})).map(({ id }) => id))
  const named = new Set((await reading.epics()).map(({ id }) => id))
  return { epics: epics.filter(({ id }) => !named.has(id)), tasks: tasks.filter(({ id }) => !here.has(id)), needs }
}

/** What the agent remembers stays where it was. */
const forgotten = ({ id, attempt, sessionAgent }: Task) =>
  ({
    type: 'agent.session',
    task: id,
    attempt,
    data: { session: '', agent: sessionAgent ?? '', account: null, model: null, version: null },
  }) as const

function bareEvents(
  { epics, tasks, needs }: Pick<Session, 'epics' | 'tasks' | 'needs'>,
  said: Saying,
  email: string | null,
): Told[] {
  const needsOf = Map.groupBy(needs, ({ task }) => task)
  const made = epics.flatMap(({ id, isClosed, ...data }) => [
    said({ type: 'epic.created', epic: id, data: { ...data, imported: true } }),
    ...(isClosed ? [said({ type: 'epic.closed', epic: id, data: { reason: 'imported' } })] : []),
  ])
  const born = parentsFirst(tasks).map(({ id, words, parentId, sequence, status, createdAt }) =>
    said({
      type: 'task.created',
      task: id,
      data: {
        words,
        kind: parentId === null ? 'task' : 'subtask',
        parentId,
        sequence,
        needs: [...new Set((needsOf.get(id) ?? []).map((one) => one.needs))],
        status,
        imported: true,
        email,
        createdAt,
      },
    }),
  )
  return [...made, ...born]
}

function parentsFirst(tasks: readonly Bare[]): Bare[] {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const depth = ({ parentId }: Bare): number => {
    let levels = 0
    for (let id = parentId; id !== null && levels < 4; levels++) id = byId.get(id)?.parentId ?? null
    return levels
  }
  return tasks.toSorted((a, b) => depth(a) - depth(b))
}

function refuseCircles({ needs }: Session): void {
  const edges = new Map<string, string[]>()
  for (const { task, needs: on } of needs) edges.set(task, [...(edges.get(task) ?? []), on])
  const path = findCircle(edges)
  if (path) throw new DroverError('circle', { path })
}
