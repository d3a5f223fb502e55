import { isOver, type TaskStatus } from './task.ts'

/** Whether what is needed stands in nobody's way any more. */
export const isMet = (need: { status: TaskStatus; until: 'completed' | 'over' }): boolean =>
  need.status === 'completed' || (need.until === 'over' && isOver(need))

/** Finds a circle in `needs` (who needs whom) and returns it as a path that ends where it began. */
export function findCircle(needs: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>()
  for (const start of needs.keys()) {
    const circle = done.has(start) ? undefined : walk(start, needs, done)
    if (circle) return circle
  }
  return undefined
}

/** Depth first without recursion: a chain of 100,000 tasks must not overflow the stack. */
function walk(start: string, needs: ReadonlyMap<string, readonly string[]>, done: Set<string>): string[] | undefined {
  const path = [start]
  const next = [0]
  const onPath = new Map([[start, 0]])
  while (path.length > 0) {
    const here = path.at(-1)!
    const need = needs.get(here)?.[next[next.length - 1]!++]
    if (need === undefined) {
      done.add(here)
      onPath.delete(here)
      path.pop()
      next.pop()
    } else if (onPath.has(need)) {
      return [...path.slice(onPath.get(need)), need]
    } else if (!done.has(need)) {
      onPath.set(need, path.length)
      path.push(need)
      next.push(0)
    }
  }
  return undefined
}
