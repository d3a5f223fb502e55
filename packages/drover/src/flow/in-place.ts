import { delivered } from './act.ts'
import { goOn, relaunch } from './go-on.ts'
import { type Hint, waitingHints } from './hints.ts'
import type { Talking } from './talking.ts'
import { noteSaid } from './session/unanswered.ts'

/** Which hints are a turn of their own, and where their program stood when they were about to be said. */
interface Note {
  hints: readonly string[]
  program: number
  turns: number
}

/**
 * Begins a turn with what people have to say, in this program or in a new one. The note comes first: a daemon that dies behind
 * the words, before the ledger knows of them, leaves the next one something to tell by whether they were said.
 */
export async function inItsPlace(talking: Talking, hints: readonly Hint[], where = goOn): Promise<undefined> {
  const ids = hints.map(({ id }) => id)
  const at = { program: programOf(talking), turns: talking.heard.turns }
  for (const { id, text } of hints) await noteSaid(talking.crew, talking.work, { text, hints: [id], ...at })
  await write(talking, { hints: ids, ...at })
  await where(talking, hints.map(({ text }) => text).join('\n\n'))
  await delivered(talking, ids)
}

/** Words that a program has not shown to have heard go with it: said to it once more, they might come twice. */
export const inNewProgram = (talking: Talking, hints: readonly Hint[]): Promise<undefined> =>
  inItsPlace(talking, hints, relaunch)

/**
 * What a daemon before this one was about to say, when this program shows that it was said. Else it is in doubt: who was told so late that the
 * ledger knows of it may be at work on it without a word yet.
 */
export async function settleInPlace(talking: Talking): Promise<'settled' | 'in doubt'> {
  const { crew, work, folder } = talking
  const note = readNote(await crew.system.readFile(fileIn(folder)))
  if (note === undefined) return 'settled'
  const waiting = (await waitingHints(crew.reading, work.task)).map(({ id }) => id)
  const left = note.hints.filter((id) => waiting.includes(id))
  const isTaken = hasTaken(talking, note)
  if (isTaken) await delivered(talking, left)
  if (!isTaken && left.length === 0) talking.heard.turn = null
  await forgetInPlace(talking)
  return isTaken ? 'settled' : 'in doubt'
}

/** It is a later program, which began with those words; or it has begun another turn since. */
function hasTaken(talking: Talking, { program, turns }: Note): boolean {
  const { heard } = talking
  return programOf(talking) > program || heard.turns > turns || heard.turn === null
}

/** The next program begins with other words. */
export const forgetInPlace = ({ crew, folder }: Pick<Talking, 'crew' | 'folder'>): Promise<void> =>
  crew.system.writeFile(fileIn(folder), '')

const programOf = ({ crew, folder }: Talking): number => crew.system.earlier(folder)
const fileIn = (folder: string): string => `${folder}/in-place`
const write = ({ crew, folder }: Talking, note: Note): Promise<void> =>
  crew.system.writeFile(fileIn(folder), JSON.stringify(note))
const readNote = (text: string | undefined): Note | undefined => (text ? (JSON.parse(text) as Note) : undefined)
