import { DroverError } from '../../domain/error.ts'
import { findCircle } from '../../domain/needs.ts'
import type { Reading } from '../../ports/reading.ts'
import { splitInto } from './split-into.ts'

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

/** Whoever needs a sub-task waits for its parent's landing, and a task that was split for its parts: so they lead on the way. */
async function addParents(reading: Reading, needs: Map<string, string[]>, from: readonly string[]): Promise<void> {
  const seen = new Set<string>()
  const ahead = [...from]
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const task = await reading.task(id)
    if (task?.kind === 'subtask' && task.parentId) needs.set(id, [...(needs.get(id) ?? []), task.parentId])
    if (task) needs.set(id, [...(needs.get(id) ?? []), ...(await splitInto(reading, task))])
    ahead.push(...(needs.get(id) ?? []))
  }
}
