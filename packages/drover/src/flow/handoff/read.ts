import { DroverError } from '../../domain/error.ts'
import { eventTypes, type EventType } from '../../domain/event.ts'
import type { Told } from '../../ports/ledger.ts'
import type { Snapshot } from '../../ports/workspace.ts'
import { bareTask, bareEpic, type Fields, isFields } from './bare.ts'
import { type Session, version } from './document.ts'
import { facts } from './facts.ts'
import { commit, count, fields, id, list, maybe, nullOr, type Shape, text } from './shape.ts'

/** Reads a session document. What is not as it must be refuses it whole, named by its path. */
export function readSession(words: string, file: string): Session {
  const fail = (problem: string): never => {
    throw new DroverError('bad-session', { file, problem })
  }
  const document = parse(words, fail)
  const found = document['version']
  if (found !== version && found !== '1.0')
    fail(`its version is ${JSON.stringify(found) ?? 'not said'}; this drover reads 1.0 and ${version}`)
  const problem = outside(document, '')
  if (problem) fail(problem)
  const events = listOf(document, 'events').map((line, i) => readEvent(line, `events[${i}]`, fail))
  const told = new Set(
    events.flatMap(({ type, task, epic }) => (type.endsWith('.created') ? [task ?? epic ?? ''] : [])),
  )
  const warnings: string[] = []
  const without = (key: string): Fields[] => listOf(document, key).filter((one) => !told.has(String(one['id'])))
  return {
    repository: typeof document['repository'] === 'string' ? document['repository'] : '',
    baseCommit: (document['baseCommit'] as string | undefined) ?? null,
    events,
    tasks: without('tasks').map((one, i) =>
      bareTask(one, `tasks[${i}]`, { fail, warn: (said) => warnings.push(said) }),
    ),
    epics: without('epics').map((one, i) => bareEpic(one, `epics[${i}]`, fail)),
    needs: [...listOf(document, 'needs'), ...listOf(document, 'dependencies')]
      .map((one) => ({
        task: String(one['task'] ?? one['task_id']),
        needs: String(one['needs'] ?? one['blocked_by']),
      }))
      .filter(({ task }) => !told.has(task)),
    snapshots: listOf(document, 'worktreeSnapshots') as unknown as Snapshot[],
    warnings,
  }
}

export type Fail = (problem: string) => never

function parse(words: string, fail: Fail): Fields {
  try {
    const document: unknown = JSON.parse(words.replace(/^\uFEFF/, ''))
    if (isFields(document)) return document
  } catch (error) {
    fail(`it is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
  return fail('it is not a JSON object')
}

const listOf = (document: Fields, key: string): Fields[] => (document[key] ?? []) as Fields[]

const need: Shape = (value, path) => fields({ task: id, needs: id })(value, path)
const outside = fields({
  baseCommit: maybe(nullOr(commit)),
  tasks: maybe(nullOr(list(fields({ id, title: text })))),
  epics: maybe(nullOr(list(fields({ id, title: text })))),
  needs: maybe(nullOr(list(need))),
  dependencies: maybe(nullOr(list(fields({ task_id: id, blocked_by: id })))),
  events: maybe(nullOr(list(fields({ id: text, type: text, timestamp: text, actor: text })))),
  worktreeSnapshots: maybe(nullOr(list(fields({ task: id, attempt: count, commit, pack: text })))),
})

const types: ReadonlySet<string> = new Set(eventTypes)
const envelope = fields({
  taskId: maybe(nullOr(id)),
  epicId: maybe(nullOr(id)),
  attempt: maybe(nullOr(count)),
  machine: maybe(nullOr(text)),
  slot: maybe(nullOr(count)),
})

function readEvent(line: Fields, path: string, fail: Fail): Told {
  const type = line['type'] as EventType
  if (!types.has(type)) fail(`${path}.type is "${String(type)}", which this drover does not know`)
  const problem = envelope(line, path) ?? facts[type](line['data'], `${path}.data`)
  if (problem) fail(problem)
  const at = Date.parse(line['timestamp'] as string)
  if (Number.isNaN(at)) fail(`${path}.timestamp must be a time`)
  const key = line['id'] as string
  if (!isPlain(key, 400)) fail(`${path}.id must be a short line`)
  const actor = line['actor'] as string
  if (!isPlain(actor, 300)) fail(`${path}.actor must be a short line`)
  const about = Object.fromEntries(
    Object.entries({
      task: line['taskId'],
      epic: type.startsWith('epic.') ? line['epicId'] : null,
      attempt: line['attempt'],
    }).filter(([, value]) => value != null),
  )
  if (type.startsWith('task.') !== 'task' in about && !isAboutAttempt(type)) fail(`${path}.taskId does not fit ${type}`)
  const machine = (line['machine'] as string | null | undefined) ?? null
  const slot = (line['slot'] as number | null | undefined) ?? null
  return { key, at, machine, slot, actor, type, ...about, data: withoutPlaces(type, line['data']) } as Told
}

/** Those may name a task or not. */
const isAboutAttempt = (type: EventType): boolean =>
  type.startsWith('landing.') || type.startsWith('agent.') || type.startsWith('account.')

const isPlain = (words: string, most: number): boolean =>
  words !== '' && words.length <= most && !/\p{Cc}|[\u2028\u2029]/u.test(words)

/** Checkouts of another machine are nobody's to move along here. */
const withoutPlaces = (type: EventType, data: unknown): unknown =>
  type === 'landing.intended' ? { ...(data as object), checkouts: [] } : data
