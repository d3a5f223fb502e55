import type { Task } from '../domain/task.ts'
import type { Need as NeedRow } from '../domain/rows.ts'
import { escaped } from './escape.ts'
import { glyphOf } from './glyph.ts'
import { fit, wrap } from './width.ts'

type Need = Pick<NeedRow, 'task' | 'needs'>

/** Needs as layers: a task stands below everything it needs. */
export function graphLines(
  tasks: readonly Task[],
  needs: readonly Need[],
  { width, ascii }: { width: number; ascii: boolean },
): string[] {
  const shown = tasks.filter(({ kind }) => kind !== 'subtask')
  const needsOf = Map.groupBy(needs, ({ task }) => task)
  const layerOf = layersOf(shown, needsOf)
  const layers = Map.groupBy(shown, ({ id }) => layerOf.get(id)!)
  const levels = [...layers.keys()].toSorted((a, b) => a - b)
  return levels.flatMap((level, i) => [
    ...(i === 0 ? [] : ['']),
    level === 0 ? 'needs nothing' : `after layer ${level}`,
    ...layers.get(level)!.flatMap((task) => {
      const on = (needsOf.get(task.id) ?? []).map((need) => need.needs)
      const head = fit(`  ${glyphOf(task, ascii)} ${task.id}: ${escaped(task.title)}`, width)
      const lines = on.length === 0 ? [] : wrap(`${ascii ? '<-' : '←'} ${on.join(', ')}`, width - 6)
      return [head, ...lines.map((line, n) => `     ${n === 0 ? '' : '  '}${line}`)]
    }),
  ])
}

/** A task that was split stands below what it was split into. */
export const splitNeeds = (tasks: readonly Task[]): Need[] => {
  const split = new Set(tasks.filter(({ status }) => status === 'decomposed').map(({ id }) => id))
  return tasks.flatMap(({ id, kind, parentId }) =>
    kind === 'split' && parentId !== null && split.has(parentId) ? [{ task: parentId, needs: id }] : [],
  )
}

/** The longest way down to a task that needs nothing. Needs have no circles; the way may be long, so there is no recursion. */
function layersOf(tasks: readonly Task[], needsOf: ReadonlyMap<string, readonly Need[]>): Map<string, number> {
  const layers = new Map<string, number>()
  for (const { id } of tasks) {
    const ahead = [id]
    for (let here = ahead.at(-1); here !== undefined; here = ahead.at(-1)) {
      const on = (needsOf.get(here) ?? []).map(({ needs }) => needs)
      const unknown = on.filter((need) => !layers.has(need))
      ahead.push(...unknown)
      if (unknown.length > 0) continue
      layers.set(here, Math.max(-1, ...on.map((need) => layers.get(need)!)) + 1)
      ahead.pop()
    }
  }
  return layers
}
