import type { Task } from '../domain/task.ts'
import { type Column, columns } from './columns.ts'
import { escaped } from './escape.ts'
import { glyphOf, statusWords, styleOf } from './glyph.ts'
import type { Print } from './print.ts'

/** Tasks as lines, made for the width of the terminal. */
export function taskTable(tasks: readonly Task[], { paint, width, isTerminal, ascii }: Print): string[] {
  const withEpics = width >= 100 && tasks.some(({ epicId }) => epicId !== null)
  const shape: Column[] = [
    { head: 'TASK', paint: (cell) => paint('bold', cell) },
    { head: 'STATUS', paint: (cell, row) => paint(styleOf(tasks[row]!), cell) },
    { head: 'PRI', align: 'right' },
    { head: 'TRY', align: 'right' },
    ...(withEpics ? [{ head: 'EPIC' }] : []),
    { head: 'LAND' },
    { head: 'COMMIT' },
    { head: 'TITLE', shrinks: true },
  ]
  const rows = tasks.map((task) => [
    task.id,
    `${glyphOf(task, ascii)} ${statusWords(task)}`,
    String(task.priority),
    `${task.attempts}/${task.maxAttempts}`,
    ...(withEpics ? [task.epicId ?? '-'] : []),
    landing(task),
    task.landedCommit?.slice(0, 7) ?? '-',
    `${escaped(task.title)}${origin(task)}`,
  ])
  return columns(shape, rows, { width, heads: isTerminal })
}

const origin = ({ kind, parentId }: Task): string =>
  kind === 'spawned' || kind === 'split' ? ` (${kind} by ${parentId})` : ''

const landing = (task: Task): string =>
  task.landedCommit ? 'landed' : task.status === 'landing' ? 'landing' : (task.land ?? 'auto')
