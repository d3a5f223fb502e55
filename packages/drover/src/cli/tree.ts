import type { Task } from '../domain/task.ts'
import { escaped } from './escape.ts'
import { glyphOf } from './glyph.ts'
import { fit } from './width.ts'

/** Tasks with their sub-tasks beneath them, as the seeds draw them. */
export function treeLines(tasks: readonly Task[], { width, ascii }: { width: number; ascii: boolean }): string[] {
  const children = Map.groupBy(tasks, ({ parentId }) => parentId)
  const ids = new Set(tasks.map(({ id }) => id))
  const roots = tasks.filter(({ parentId }) => parentId === null || !ids.has(parentId))
  const draw = (task: Task, depth: number): string[] => {
    const branch = depth === 0 ? '' : `${'    '.repeat(depth)}${ascii ? '`-- ' : '└── '}`
    const line = fit(`${branch}${glyphOf(task, ascii)} ${task.id}: ${escaped(task.title)}${origin(task)}`, width)
    return [line, ...below(children.get(task.id)).flatMap((child) => draw(child, depth + 1))]
  }
  return [
    `${ascii ? '' : '🐂 '}Drover Task Tree`,
    (ascii ? '=' : '━').repeat(20),
    ...roots.flatMap((task) => draw(task, 0)),
  ]
}

/** Its own parts first, then what its agent made beside it. */
const below = (children: readonly Task[] = []): Task[] => children.toSorted((a, b) => placeOf(a) - placeOf(b))
const placeOf = ({ sequence }: Task): number => sequence ?? Number.MAX_SAFE_INTEGER
const origin = ({ kind }: Task): string => (kind === 'spawned' || kind === 'split' ? ` (${kind})` : '')
