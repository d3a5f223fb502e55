import { DroverError } from '../../domain/error.ts'
import { nearest } from '../../domain/nearest.ts'
import type { Task } from '../../domain/task.ts'
import type { Epic } from '../../domain/rows.ts'
import type { Reading } from '../../ports/reading.ts'

/** The task that a word means: its id, or a beginning of it that no other has; `task-` may be left out. */
export async function resolveTask(reading: Reading, word: string): Promise<Task> {
  const exact = (await reading.task(word)) ?? (await reading.task(`task-${word}`))
  if (exact) return exact
  const candidates = word === '' ? [] : rootsOf(await reading.idsLike(word))
  if (candidates.length > 1) throw new DroverError('ambiguous', { id: word, candidates })
  const found = candidates[0] === undefined ? undefined : await reading.task(candidates[0])
  if (found) return found
  throw new DroverError('no-task', { id: word, nearest: nearest(word, await reading.someIds(2000)) })
}

/** All of them, each once, before anything is done with the first. */
export async function resolveTasks(reading: Reading, words: readonly string[]): Promise<Task[]> {
  const tasks = new Map<string, Task>()
  for (const word of words) {
    const task = await resolveTask(reading, word)
    tasks.set(task.id, task)
  }
  return [...tasks.values()]
}

export async function resolveEpic(reading: Reading, word: string): Promise<Epic> {
  const epics = await reading.epics()
  const exact = epics.find(({ id }) => id === word || id === `epic-${word}`)
  if (exact) return exact
  const like = word === '' ? [] : epics.filter(({ id }) => id.startsWith(word) || id.startsWith(`epic-${word}`))
  if (like.length > 1) throw new DroverError('ambiguous', { id: word, candidates: like.map(({ id }) => id) })
  if (like[0]) return like[0]
  throw new DroverError('no-epic', {
    id: word,
    nearest: nearest(
      word,
      epics.map(({ id }) => id),
    ),
  })
}

/** A task and its own sub-tasks are not two meanings of a beginning. */
const rootsOf = (ids: readonly string[]): string[] =>
  ids.filter((id) => !ids.some((other) => id.startsWith(`${other}.`)))
