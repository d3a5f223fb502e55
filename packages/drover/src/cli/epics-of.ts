import type { Event } from '../domain/event.ts'
import type { Reading } from '../ports/reading.ts'

/** Knows the epic an event belongs to: its own, or that of its task, asked for once a task. */
export function epicsOf(reading: Reading): (event: Event) => Promise<string | null> {
  const known = new Map<string, string | null>()
  return async (event) => {
    if (event.task === undefined || event.epic !== undefined) return event.epic ?? null
    if (event.type === 'task.created') known.set(event.task, event.data.words.epicId)
    if (event.type === 'task.edited' && event.data.words.epicId !== undefined)
      known.set(event.task, event.data.words.epicId)
    if (!known.has(event.task)) known.set(event.task, (await reading.task(event.task))?.epicId ?? null)
    return known.get(event.task) ?? null
  }
}
