import { DroverError } from '../../domain/error.ts'
import { findCircle } from '../../domain/needs.ts'
import type { Reading } from '../../ports/reading.ts'

/** Refuses needs that would make a task wait for itself, and says along which way. */
export async function refuseCircle(reading: Reading, task: string, added: readonly string[]): Promise<void> {
  if (added.includes(task)) throw new DroverError('self-need', { id: task })
  const needs = grouped(await reading.allNeeds())
  needs.set(task, [...(needs.get(task) ?? []), ...added])
  await addParents(reading, needs, added)
  const path = findCircle(needs)
  if (path) throw new DroverError('circle', { path })
}

export function grouped(needs: readonly { task: string; needs: string }[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const need of needs) {
    const group = groups.get(need.task)
    if (group) group.push(need.needs)
    else groups.set(need.task, [need.needs])
  }
  return groups
}

/** Whoever needs a sub-task waits for its parent's landing, so on the way a sub-task leads to its parent. */
async function addParents(reading: Reading, needs: Map<string, string[]>, from: readonly string[]): Promise<void> {
  const seen = new Set<string>()
  const ahead = [...from]
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const task = await reading.task(id)
    if (task?.kind === 'subtask' && task.parentId) needs.set(id, [...(needs.get(id) ?? []), task.parentId])
    ahead.push(...(needs.get(id) ?? []))
  }
}
