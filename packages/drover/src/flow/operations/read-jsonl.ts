import { checkTitle, readMaxAttempts, readPriority, readType } from '../../domain/draft.ts'
import { DroverError } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { nearest } from '../../domain/nearest.ts'
import type { TaskWords } from '../../domain/task.ts'

/** One line that was understood. What it leaves out stays as it is when the task exists already. */
export interface Entry {
  line: number
  id: string
  kind: 'epic' | 'task'
  words: Partial<TaskWords> & { title: string }
  epicId: string | undefined
  parentId: string | undefined
  needs: string[] | undefined
}

export interface ReadJsonl {
  entries: Entry[]
  /** Each begins with its line. */
  problems: string[]
  warnings: string[]
  /** Ids of lines that are wrong, so that who names them is not blamed too. */
  broken: Set<string>
}

const longestLine = 10 * 1024 * 1024
type Fields = Readonly<Record<string, unknown>>
type Warn = (words: string) => void

/** Reads epics, stories and tasks, one JSON object a line. All that is wrong is gathered; what refers to what is not looked at. */
export function readJsonl(text: string): ReadJsonl {
  const found: ReadJsonl = { entries: [], problems: [], warnings: [], broken: new Set() }
  const lineOf = new Map<string, number>()
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((line, index) => {
      if (line.trim() === '' || line.trimStart().startsWith('#')) return
      const where = `line ${index + 1}`
      try {
        const entry = readEntry(line, index + 1, (words) => found.warnings.push(`${where}: ${words}`))
        const before = lineOf.get(entry.id.toLowerCase())
        if (before !== undefined) throw wrong(`the id "${entry.id}" stands on line ${before} already`)
        lineOf.set(entry.id.toLowerCase(), index + 1)
        found.entries.push(entry)
      } catch (error) {
        if (!(error instanceof DroverError)) throw error
        found.problems.push(`${where}: ${error.message}`)
        found.broken.add(/"id"\s*:\s*"([^"]+)"/.exec(line)?.[1] ?? '')
      }
    })
  return found
}

function readEntry(line: string, number: number, warn: Warn): Entry {
  if (line.length > longestLine) throw wrong('it is longer than 10 MiB')
  const fields = parse(line)
  const type = readKind(fields)
  if (typeof fields['id'] !== 'string' || fields['id'] === '') throw wrong('it has no "id"')
  if (typeof fields['title'] !== 'string') throw wrong('it has no "title"')
  for (const key of Object.keys(fields)) if (!known.has(key)) warn(`"${key}" is left out: there is no place for it`)
  return {
    line: number,
    id: checkId(fields['id']),
    kind: type === 'epic' ? 'epic' : 'task',
    words: {
      ...(type === 'epic' ? readText(fields, 'description') : readWords(fields, warn)),
      title: checkTitle(fields['title']),
    },
    epicId: reference(fields, 'epic_id'),
    parentId: type === 'task' ? reference(fields, 'story_id') : undefined,
    needs: 'blocked_by' in fields ? list(fields, 'blocked_by') : undefined,
  }
}

function parse(line: string): Fields {
  try {
    const fields: unknown = JSON.parse(line)
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields as Fields
  } catch (error) {
    throw wrong(`it is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
  throw wrong('it is not a JSON object')
}

const kinds = ['epic', 'story', 'task'] as const

function readKind({ type = 'task' }: Fields): (typeof kinds)[number] {
  const found = kinds.find((kind) => kind === type)
  if (found) return found
  const near = nearest(String(type), kinds)[0]
  throw wrong(`"type" is ${JSON.stringify(type)}; it can be epic, story or task${near ? `, perhaps ${near}` : ''}`)
}

const known = new Set(
  (
    'id type title description priority epic_id story_id blocked_by labels run checks scope agent model acceptance_criteria ' +
    'max_attempts task_type story_points estimated_hours'
  ).split(' '),
)

function readWords(fields: Fields, warn: Warn): Partial<TaskWords> {
  const lists = { acceptance_criteria: 'acceptance', checks: 'checks', scope: 'scope' } as const
  const words: Partial<TaskWords> = {
    ...readText(fields, 'description'),
    ...readText(fields, 'run'),
    ...readText(fields, 'agent'),
    ...readText(fields, 'model'),
  }
  for (const [key, word] of Object.entries(lists)) if (key in fields) words[word] = list(fields, key)
  if (fields['priority'] != null) words.priority = clamped(fields['priority'], warn)
  if (fields['task_type'] != null) words.type = readType(String(fields['task_type']))
  if (fields['max_attempts'] != null) words.maxAttempts = readMaxAttempts(Number(fields['max_attempts']))
  const sizes = { points: fields['story_points'], hours: fields['estimated_hours'] }
  const labels = Object.entries(sizes).flatMap(([name, size]) => (size == null ? [] : [`${name}:${String(size)}`]))
  if ('labels' in fields || labels.length > 0) words.labels = [...new Set([...list(fields, 'labels'), ...labels])]
  return words
}

function clamped(value: unknown, warn: Warn): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return readPriority(String(value))
  const inside = Math.min(10, Math.max(0, Math.round(number)))
  if (inside !== number) warn(`the priority ${number} became ${inside}: priorities are 0 to 10`)
  return inside
}

function readText<K extends 'description' | 'run' | 'agent' | 'model'>(fields: Fields, key: K): { [_ in K]?: string } {
  const value = fields[key]
  if (value == null) return {}
  if (typeof value !== 'string') throw wrong(`"${key}" must be a text`)
  return { [key]: value } as { [_ in K]?: string }
}

function list(fields: Fields, key: string): string[] {
  const value = fields[key] ?? []
  if (typeof value === 'string')
    return value
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw wrong(`"${key}" must be a list of texts`)
}

function reference(fields: Fields, key: string): string | undefined {
  const value = fields[key]
  if (value == null || value === '') return undefined
  if (typeof value !== 'string') throw wrong(`"${key}" must be an id`)
  return value
}

const wrong = (problem: string): DroverError => new DroverError('usage', { problem })
