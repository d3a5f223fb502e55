import { readMaxAttempts, readPriority, readType } from '../domain/draft.ts'
import { DroverError } from '../domain/error.ts'
import { readDuration, settings } from '../domain/settings.ts'
import type { TaskWords } from '../domain/task.ts'
import type { Options, Values } from './option.ts'

/** What can be said of a task, when it is added and when it is edited. */
export const taskOptions = {
  description: { type: 'string', short: 'd', about: 'What is to be done, at length' },
  epic: { type: 'string', short: 'e', arg: 'epic', about: 'The epic it belongs to' },
  'blocked-by': {
    type: 'string',
    short: 'b',
    multiple: true,
    arg: 'ids',
    about: 'Tasks it needs, separated by commas',
  },
  priority: { type: 'string', short: 'p', arg: 'n', about: '0 to 10, higher first; or critical, high, normal, low' },
  type: { type: 'string', arg: 'type', about: 'implementation, research or fix' },
  label: { type: 'string', multiple: true, arg: 'labels', about: 'Labels, separated by commas' },
  agent: { type: 'string', arg: 'name', about: 'The agent that works on it' },
  model: { type: 'string', arg: 'name', about: 'The model that its agent uses, as the agent calls it' },
  run: { type: 'string', arg: 'command', about: 'Done by this shell command instead of an agent' },
  'max-attempts': { type: 'string', arg: 'n', about: 'How often it is tried' },
  timeout: { type: 'string', arg: 'time', about: 'How long one attempt may take, as 30m' },
  scope: { type: 'string', multiple: true, arg: 'globs', about: 'Files it may change; no two tasks at work overlap' },
  land: { type: 'string', arg: 'how', about: 'auto, or manual: it waits for drover land' },
  accept: { type: 'string', multiple: true, arg: 'criterion', about: 'What must be true when it is done' },
  check: { type: 'string', multiple: true, arg: 'command', about: 'A command that must pass on its work' },
  judge: { type: 'string', arg: 'judge', about: 'Who concludes the verdict' },
  repo: { type: 'string', multiple: true, arg: 'path', about: 'Another repository that it may read' },
  'no-verify': { type: 'boolean', about: 'Leave out its own checks' },
} as const satisfies Options

/** Reads the options that were given; what was not given is not in the answer. */
export function readWords(values: Values<typeof taskOptions>): Partial<TaskWords> {
  const given: Partial<Record<keyof TaskWords, unknown>> = {
    description: values.description,
    epicId: values.epic,
    priority: values.priority === undefined ? undefined : readPriority(values.priority),
    type: values.type === undefined ? undefined : readType(values.type),
    labels: listed(values.label),
    agent: values.agent === 'claude-code' ? 'claude' : values.agent,
    model: values.model?.trim(),
    run: values.run,
    maxAttempts: values['max-attempts'] === undefined ? undefined : readMaxAttempts(values['max-attempts']),
    timeoutMs: values.timeout === undefined ? undefined : readTime('the timeout', values.timeout),
    scope: listed(values.scope),
    land: values.land === undefined ? undefined : oneOf('--land', values.land, ['auto', 'manual']),
    acceptance: values.accept,
    checks: values.check,
    judge:
      values.judge === undefined ? undefined : oneOf('--judge', values.judge, settings.judge.kind.expects.split(', ')),
    verify: values['no-verify'] ? false : undefined,
  }
  if (values.run?.trim() === '')
    throw new DroverError('bad-value', { name: '--run', value: '', expected: 'a shell command' })
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** `a,b` and `--label a --label b` are the same. */
export const listed = (values: readonly string[] | undefined): string[] | undefined =>
  values && [
    ...new Set(
      values.flatMap((value) =>
        value
          .split(',')
          .map((one) => one.trim())
          .filter(Boolean),
      ),
    ),
  ]

function readTime(name: string, value: string): number {
  const ms = readDuration(value)
  if (ms === undefined || ms <= 0)
    throw new DroverError('bad-value', { name, value, expected: 'a duration like "90s", "30m" or "1h30m"' })
  return ms
}

export function oneOf<T extends string>(name: string, value: string, words: readonly T[]): T {
  const found = words.find((word) => word === value.trim().toLowerCase())
  if (found === undefined) throw new DroverError('bad-value', { name, value, expected: words.join(', ') })
  return found
}

export function readCount(name: string, value: string, { least = 1, most = 1_000_000 } = {}): number {
  const number = /^\d+$/.test(value.trim()) ? Number(value) : Number.NaN
  if (!(number >= least && number <= most))
    throw new DroverError('bad-value', { name, value, expected: `a whole number from ${least} to ${most}` })
  return number
}
