import type { Task } from '../domain/task.ts'
import type { Crew } from './crew.ts'
import type { Work } from './work.ts'

/** The words with which a resumed session goes on. */
export async function wordsToGoOn(crew: Crew, task: Task, work: Work): Promise<string> {
  const hints = await crew.reading.pendingHints(task.id)
  const events = hints.map(
    ({ id }) =>
      ({
        type: 'task.hint_delivered',
        task: task.id,
        attempt: work.attempt,
        data: { hint: id, how: 'prompt' },
      }) as const,
  )
  if (events.length > 0)
    await crew.ledger.append(events, {
      kind: 'machine',
      name: crew.here.machine,
      request: `${task.id}/${work.attempt}/hints`,
    })
  return ['Go on with the task.', ...hints.map(({ text }) => text)].join('\n\n')
}
