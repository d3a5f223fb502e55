import type { System } from '../../ports/system.ts'
import { hasAnswered } from './answered.ts'
import type { Chosen } from '../chosen.ts'
import type { Crew } from '../crew.ts'
import { wordsToGoOn } from '../goes-on.ts'
import { toldInPrompt } from '../hints.ts'
import { writePrompt } from '../prompt.ts'
import { noteFirst, noteSaid, type Said, unansweredIn } from './unanswered.ts'
import type { Work } from '../work.ts'

/** Where a program begins: anew with the whole prompt, or in a session with a few words. */
export type Opening = 'anew' | { session: string; words: string | null; isLast?: boolean }

interface Told {
  promptFile: string
  /** What comes before it, as far as the session does not hold it. */
  perhaps: readonly string[]
}

interface At<Where> {
  folder: string
  opening: Where
}

/** Writes down what a program is told first. */
export async function openingWords(
  crew: Crew,
  work: Work,
  { task, driver }: Pick<Chosen, 'task' | 'driver'>,
  { folder, opening }: At<Opening>,
): Promise<Told> {
  const promptFile = `${folder}/prompt.md`
  if (opening === 'anew') {
    await writePrompt(crew, task, work, folder)
    await noteFirst(crew, folder, await saidIn(crew, folder))
    if (crew.system.earlier(folder) > 0) await keep(crew, folder, [])
    return { promptFile, perhaps: [] }
  }
  const unanswered = driver.abilities.recalls ? await unansweredIn(crew, work) : []
  if (unanswered.length > 0 || (await hasAnswered(crew, work, opening.session)))
    await writeNews(crew, work, { folder, opening, unanswered })
  else await writeAll(crew, work, { folder, opening })
  const perhaps = unanswered.map(({ text }) => text)
  await keep(crew, folder, perhaps)
  return { promptFile, perhaps }
}

/** What its session may hold already is asked for, not said: the hints in it are delivered either way. */
async function writeNews(
  crew: Crew,
  work: Work,
  { folder, opening, unanswered }: At<Exclude<Opening, 'anew'>> & { unanswered: readonly Said[] },
): Promise<void> {
  const known = new Set(unanswered.flatMap(({ hints }) => hints))
  await toldInPrompt(
    crew,
    work,
    [...known].map((hint) => ({ hint, text: '' })),
  )
  const { words } = opening
  const file = `${folder}/prompt.md`
  if (words !== null) {
    const isNoted = unanswered
      .map(({ text }) => text)
      .join('\n\n')
      .endsWith(words)
    return crew.system.writeFile(file, isNoted ? goOnWords : words)
  }
  const { text, files, hints } = await wordsToGoOn(crew, (await crew.reading.task(work.task))!, work, known)
  for (const one of files) await crew.system.writeFile(`${folder}/${one.name}`, one.text)
  await crew.system.writeFile(file, text)
  await noteSaid(crew, work, { text, hints, program: crew.system.earlier(folder), turns: 0 })
}

export const goOnWords = 'Go on.'

/** A session in which nobody has answered yet may not know its first words: it is told all of them, whatever it is told besides. */
async function writeAll(
  crew: Crew,
  work: Work,
  { folder, opening: { words } }: At<Exclude<Opening, 'anew'>>,
): Promise<void> {
  const file = await writePrompt(crew, (await crew.reading.task(work.task))!, work, folder)
  if (words !== null) await crew.system.writeFile(file, `${await crew.system.readFile(file)}\n${words}\n`)
  await noteSaid(crew, work, await saidIn(crew, folder))
}

/** The prompt as it stands now. Its hints count as delivered with it. */
async function saidIn({ system }: Pick<Crew, 'system'>, folder: string): Promise<Said> {
  const text = (await system.readFile(`${folder}/prompt.md`)) ?? ''
  return { text, hints: [], program: system.earlier(folder), turns: 0 }
}

/** For whoever reads this program's lines later: which words it was to look for. */
export async function perhapsIn({ system }: Pick<Crew, 'system'>, folder: string): Promise<readonly string[]> {
  const text = await system.readFile(`${folder}/perhaps`)
  return text === undefined ? [] : (JSON.parse(text) as readonly string[])
}
const keep = ({ system }: { system: Pick<System, 'writeFile'> }, folder: string, perhaps: readonly string[]) =>
  system.writeFile(`${folder}/perhaps`, JSON.stringify(perhaps))
