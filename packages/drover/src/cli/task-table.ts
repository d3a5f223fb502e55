import { isOver, type Task } from '../domain/task.ts'
import { columns } from './columns.ts'
import { escaped } from './escape.ts'
import { glyphOf, statusWords, styleOf } from './glyph.ts'
import type { Print } from './print.ts'

/** Tasks as lines, made for the width of the terminal. */
export function taskTable(tasks: readonly Task[], { paint, width, isTerminal, ascii }: Print): string[] {
  const styles = new Map(tasks.map((task) => [task.id, styleOf(task)]))
  const ids = tasks.map(({ id }) => id)
  let row = -1
  const shape = [
    { head: 'TASK', paint: (cell: string) => ((row += 1), paint('bold', cell)) },
    { head: 'STATUS', paint: (cell: string) => paint(styles.get(ids[row] ?? '') ?? 'reset', cell) },
    { head: 'PRI', align: 'right' },
    { head: 'TRY', align: 'right' },
    { head: 'EPIC' },
    { head: 'LAND' },
    { head: 'COMMIT' },
    { head: 'TITLE', shrinks: true },
  ] as const
  const cells = tasks.map((task) => [
    task.id,
    `${glyphOf(task, ascii)} ${statusWords(task)}`,
    String(task.priority),
    `${isOver(task) && task.attempts === 0 ? task.attempt : task.attempts}/${task.maxAttempts}`,
    task.epicId ?? '-',
    landing(task),
    task.landedCommit?.slice(0, 10) ?? '-',
    escaped(task.title),
  ])
  return columns(shape, cells, { width, heads: isTerminal })
}

const landing = (task: Task): string => (task.landedCommit ? 'landed' : task.status === 'landing' ? 'landing' : (task.land ?? 'auto'))
