import type { Task } from '../domain/task.ts'
import type { Crew } from './crew.ts'
import { everyHint } from './hints.ts'
import { compose } from './prompt/compose.ts'
import { gather, type Telling } from './prompt/gather.ts'
import type { Work } from './work.ts'

interface Writing extends Telling, Pick<Crew, 'ledger'> {
  system: Pick<Crew['system'], 'writeFile'>
  here: Pick<Crew['here'], 'machine'>
}

/**
 * Writes the words for the agent beside its output, with what is too long for them in files of its own, and returns the
 * prompt's file. It has every hint that was given, for it begins a new memory; all of them count as delivered then.
 */
export async function writePrompt(crew: Writing, task: Task, work: Work, folder: string): Promise<string> {
  const hints = await crew.reading.pendingHints(task.id)
  const known = await gather(crew, task, work, await everyHint(crew.reading, task.id))
  const { text, files } = compose(known)
  for (const file of files) await crew.system.writeFile(`${folder}/${file.name}`, file.text)
  const file = `${folder}/prompt.md`
  await crew.system.writeFile(file, text)
  await deliver(crew, work, hints)
  return file
}

async function deliver({ ledger, here }: Writing, work: Work, hints: readonly { id: string }[]): Promise<void> {
  if (hints.length === 0) return
  const events = hints.map(
    (hint) =>
      ({
        type: 'task.hint_delivered',
        task: work.task,
        attempt: work.attempt,
        data: { hint: hint.id, how: 'prompt' },
      }) as const,
  )
  const request = `${work.task}/${work.attempt}/hints/${hints.at(-1)!.id}`
  await ledger.append(events, { kind: 'machine', name: here.machine, request })
}
