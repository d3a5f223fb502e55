import type { Task } from '../domain/task.ts'
import type { Crew } from './crew.ts'
import { everyHint, toldInPrompt } from './hints.ts'
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
  const hints = await everyHint(crew.reading, task.id)
  const words = hints.map(({ text }) => text)
  const known = await gather(crew, task, work, words)
  const { text, files } = compose(known)
  for (const file of files) await crew.system.writeFile(`${folder}/${file.name}`, file.text)
  const file = `${folder}/prompt.md`
  await crew.system.writeFile(file, text)
  await toldInPrompt(crew, work, hints)
  return file
}
