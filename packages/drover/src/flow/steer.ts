import { type Hint, waitingHints } from './hints.ts'
import type { Talking } from './talking.ts'

/** Hands on what people have to say, oldest first, each once: into the turn, behind it, or in its place. */
export async function steer(talking: Talking): Promise<undefined> {
  const { crew, work, chosen } = talking
  const hints = await waitingHints(crew.reading, work.task)
  const unsaid = hints.filter(({ said }) => said !== work.attempt)
  if (unsaid.length === 0 || chosen.driver.abilities.hint === 'none') return undefined
  return sayAll(talking, unsaid)
}

/** Until its agent shows that it heard, a hint is only said: a daemon that dies now does not say it twice. */
async function sayAll(talking: Talking, hints: readonly Hint[]): Promise<undefined> {
  const { crew, work, folder, talk } = talking
  for (const { id, text } of hints) {
    const lines = talk.say({ kind: 'hint', id, text })
    if (lines === undefined) return undefined
    await crew.records.said(id, work.attempt)
    // Nobody waits for one that reads slowly: that it has heard is shown by what it says.
    void crew.system.say(folder, lines)
  }
}
