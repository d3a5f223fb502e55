import type { System } from '../../ports/system.ts'
import type { Crew } from '../crew.ts'
import type { Talking } from '../talking.ts'
import type { Work } from '../work.ts'

/** Words that were said to an agent whose turn has not ended since: they may be lost with its program, or stand in its session. */
export interface Said {
  text: string
  /** Words of people that they hold or are. */
  hints: readonly string[]
  /** In which of the attempt's programs they were said, and after how many turns. */
  program: number
  turns: number
}

/** Of this attempt, or of the last one before it that was told anything. */
export async function unansweredIn(
  { system, here }: Pick<Crew, 'system' | 'here'>,
  { task, attempt }: Pick<Work, 'task' | 'attempt'>,
): Promise<readonly Said[]> {
  for (let n = attempt; n > 0; n--) {
    const found = await read(system, here.folderOf(task, n))
    if (found) return found
  }
  return []
}

/** Before it is said: who dies behind the words leaves somebody who asks whether they came. */
export async function noteSaid(crew: Pick<Crew, 'system' | 'here'>, work: Work, said: Said): Promise<void> {
  const before = await unansweredIn(crew, work)
  const others = before.filter(({ text }) => text !== said.text)
  await write(crew.system, crew.here.folderOf(work.task, work.attempt), [...others, said])
}

/** A new memory was told these words alone. */
export const noteFirst = ({ system }: Pick<Crew, 'system'>, folder: string, said: Said): Promise<void> =>
  write(system, folder, [said])

/** A turn has ended, and whatever was said before that stands in its session. Lines that are read again take away nothing else. */
export async function noteTurnEnd({ crew, folder, heard }: Talking): Promise<void> {
  const before = (await read(crew.system, folder)) ?? []
  const program = crew.system.earlier(folder)
  const left = before.filter((said) => said.program === program && said.turns >= heard.turns)
  if (left.length < before.length) await write(crew.system, folder, left)
}

const fileIn = (folder: string): string => `${folder}/unanswered`
const write = (system: Pick<System, 'writeFile'>, folder: string, said: readonly Said[]): Promise<void> =>
  system.writeFile(fileIn(folder), JSON.stringify(said))
async function read(system: Pick<System, 'readFile'>, folder: string): Promise<readonly Said[] | undefined> {
  const text = await system.readFile(fileIn(folder))
  return text === undefined ? undefined : (JSON.parse(text) as readonly Said[])
}
