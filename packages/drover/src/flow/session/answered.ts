import type { Crew } from '../crew.ts'
import type { Talking } from '../talking.ts'
import type { Work } from '../work.ts'

/**
 * Whether the model has answered in a session is written beside the attempt. One that never did may have lost its first words: Claude
 * Code opens a session before it is written down, and where several start at once one can take another's empty folder away.
 */
export async function noteAnswer({ crew, folder, heard }: Talking): Promise<void> {
  heard.answered = true
  if (heard.session !== null) await crew.system.writeFile(fileIn(folder), heard.session)
}

/** In this attempt or in one before it, on this machine. */
export async function hasAnswered({ system, here }: Crew, { task, attempt }: Work, session: string): Promise<boolean> {
  for (let n = attempt; n > 0; n--) if ((await system.readFile(fileIn(here.folderOf(task, n)))) === session) return true
  return false
}

const fileIn = (folder: string): string => `${folder}/answered`
