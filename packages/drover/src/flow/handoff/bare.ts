import { checkTitle, plainWords, readMaxAttempts, readPriority } from '../../domain/draft.ts'
import { DroverError } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { readDuration } from '../../domain/settings.ts'
import { taskTypes, type TaskWords } from '../../domain/task.ts'
import type { Bare, Session } from './document.ts'

/** A JSON object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

interface Reader {
  fail(problem: string): never
  warn(words: string): void
}

/** A task of which only its row is known. What was at work there is ready here; so is what waited. */
export function bareTask(row: Fields, path: string, { fail, warn }: Reader): Bare {
  const status = statuses[String(row['status'] ?? 'ready')]
  if (!status) fail(`${path}.status is "${String(row['status'])}"`)
  const id = sound(() => checkId(String(row['id'])), path, fail)
  const parentId = textOr(row['parentId'] ?? row['parent_id'], null)
  const sequence = Number(row['sequence'] ?? row['sequence_number'] ?? 0) || null
  if (parentId !== null) sound(() => checkId(parentId), path, fail)
  const words = sound(() => wordsOf(row, (said) => warn(`${id}: ${said}`)), path, fail)
  return { id, parentId, sequence, status: status!, words, createdAt: timeOf(row['createdAt'] ?? row['created_at']) }
}

const statuses: Readonly<Record<string, Bare['status']>> = {
  ready: 'ready',
  blocked: 'ready',
  claimed: 'ready',
  in_progress: 'ready',
  landing: 'ready',
  decomposed: 'ready',
  paused: 'paused',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
}

function sound<T>(read: () => T, path: string, fail: Reader['fail']): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof DroverError) return fail(`${path}: ${error.message}`)
    throw error
  }
}

function wordsOf(row: Fields, warn: Reader['warn']): TaskWords {
  const type = taskTypes.find((one) => one === row['type']) ?? plainWords.type
  const land = row['land'] === 'auto' || row['land'] === 'manual' ? row['land'] : null
  return {
    ...plainWords,
    title: checkTitle(String(row['title'])),
    description: textOr(row['description'], ''),
    type,
    epicId: textOr(row['epicId'] ?? row['epic_id'], null),
    priority: priorityOf(row['priority'], warn),
    labels: texts(row['labels']),
    scope: texts(row['scope']),
    acceptance: texts(row['acceptance']),
    checks: texts(row['checks']),
    run: textOr(row['run'], null),
    agent: textOr(row['agent'], null),
    model: textOr(row['model'], null),
    repos: texts(row['repos']),
    judge: textOr(row['judge'], null),
    land,
    timeoutMs: typeof row['timeout'] === 'string' ? (readDuration(row['timeout']) ?? null) : null,
    maxAttempts: readMaxAttempts(Number(row['maxAttempts'] ?? row['max_attempts'] ?? plainWords.maxAttempts)),
    verify: row['verify'] !== false,
  }
}

function priorityOf(value: unknown, warn: Reader['warn']): number {
  if (value === undefined || value === null) return plainWords.priority
  if (typeof value !== 'number') return readPriority(String(value))
  const inside = Math.min(10, Math.max(0, Math.round(value)))
  if (inside !== value) warn(`the priority ${value} became ${inside}: priorities are 0 to 10`)
  return inside
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
const textOr = <T>(value: unknown, otherwise: T): string | T =>
  typeof value === 'string' && value !== '' ? value : otherwise

/** drover 0.3 wrote seconds since 1970. */
const timeOf = (value: unknown): number | null => {
  const at = typeof value === 'number' ? value * 1000 : typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isSafeInteger(at) && at > 0 ? at : null
}

export function bareEpic(row: Fields, path: string, fail: Reader['fail']): Session['epics'][number] {
  return sound(
    () => ({
      id: checkId(String(row['id'])),
      title: checkTitle(String(row['title'])),
      description: textOr(row['description'], ''),
      priority: priorityOf(row['priority'], () => undefined),
      labels: texts(row['labels']),
      isClosed: row['status'] === 'closed',
    }),
    path,
    fail,
  )
}
