import { DroverError } from './error.ts'
import { checkId, splitSubtaskId } from './id.ts'
import { taskTypes, type TaskType, type TaskWords } from './task.ts'

export const plainWords: Omit<TaskWords, 'title'> = {
  description: '',
  type: 'implementation',
  epicId: null,
  priority: 5,
  labels: [],
  scope: [],
  acceptance: [],
  checks: [],
  run: null,
  agent: null,
  model: null,
  repos: [],
  judge: null,
  land: null,
  timeoutMs: null,
  maxAttempts: 3,
  verify: true,
}

/** A title is one line that any terminal and any commit can carry. */
export function checkTitle(title: string): string {
  const trimmed = title.normalize('NFC').trim()
  if (trimmed === '') throw new DroverError('bad-title', { problem: 'is empty' })
  if (trimmed.length > 500)
    throw new DroverError('bad-title', {
      problem: `has ${trimmed.length} characters; 500 is the most, the rest belongs into --description`,
    })
  if (/\p{Cc}|[\u2028\u2029]/u.test(trimmed))
    throw new DroverError('bad-title', { problem: 'contains a line break or another control character' })
  return trimmed
}

const priorityWords: Record<string, number> = { critical: 10, urgent: 10, high: 7, normal: 5, medium: 5, low: 2 }

/** Priorities are 0..10, higher first; the words are the seeds'. */
export function readPriority(value: string | number): number {
  const number =
    typeof value === 'number'
      ? value
      : (priorityWords[value.trim().toLowerCase()] ?? (/^\d+$/.test(value.trim()) ? Number(value) : Number.NaN))
  if (!Number.isInteger(number) || number < 0 || number > 10)
    throw new DroverError('bad-value', {
      name: 'the priority',
      value: String(value),
      expected: 'a number from 0 to 10 (higher first), or critical, high, normal, low',
    })
  return number
}

export function readType(value: string): TaskType {
  const found = taskTypes.find((type) => type === value.trim().toLowerCase())
  if (!found) throw new DroverError('bad-value', { name: 'the type', value, expected: taskTypes.join(', ') })
  return found
}

export function readMaxAttempts(value: string | number): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1 || number > 100)
    throw new DroverError('bad-value', {
      name: 'max attempts',
      value: String(value),
      expected: 'a number from 1 to 100',
    })
  return number
}

/** `"task-123.4 Title"` names sub-task 4 of task-123, where that is a task's id or looks like one; else it is a plain title. */
export function readSubtaskTitle(
  title: string,
  exists: (id: string) => boolean,
): { id: string; parent: string; sequence: number; title: string } | undefined {
  const found = /^(\S+)\s+(\S.*)$/s.exec(title)
  const split = found && splitSubtaskId(found[1]!)
  if (!found || !split) return undefined
  if (!exists(split.parent) && !split.parent.startsWith('task-')) return undefined
  return { id: checkId(found[1]!), ...split, title: found[2]! }
}

/** What could make the task clearer to an agent. Advice, never a refusal. */
export function adviceOn(words: Pick<TaskWords, 'title' | 'description' | 'run'>): string[] {
  if (words.run !== null) return []
  const advice: string[] = []
  if (words.title.length < 10) advice.push('the title is short: say what should be true afterwards')
  if (
    /\b(various improvements|make it better|optimize it|fix issues|update things|improve performance|add features|handle errors)\b/i.test(
      words.title,
    )
  )
    advice.push('the title is vague: name the file, the behaviour or the number that should change')
  if (words.description === '')
    advice.push('there is no description: --description, --accept and --check tell the agent when it is done')
  return advice
}
