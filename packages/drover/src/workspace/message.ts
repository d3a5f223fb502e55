import type { LandingText } from '../ports/workspace.ts'

// Control characters move a terminal's cursor; direction marks make words appear where they are not.
const unseen = /(?![\n\t])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** One line without anything that a terminal or git would take for more than words. */
export const plainLine = (text: string): string =>
  text
    .replace(/[\t\r\n\u2028\u2029]+/g, ' ')
    .replace(unseen, '')
    .trim()

const plainText = (text: string): string =>
  text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(unseen, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()

/** A landing's message: the trailers are ours alone, whatever a title or a body says. */
export function landingMessage({ subject, body, trailers }: LandingText): string {
  const own = trailers.map(([key, value]) => `${key}: ${plainLine(value)}`).join('\n')
  const parts = [firstLine(subject) || 'Land', withoutTrailers(plainText(body)), own]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

export const keptMessage = (message: string, task: string, attempt: number): string => {
  const [subject = '', ...body] = plainText(message).split('\n')
  return `${[subject.trim() || `Keep ${task}`, withoutTrailers(body.join('\n').trim()), `${keptTrailer}: ${task}/${attempt}`].filter(Boolean).join('\n\n')}\n`
}

/** Tells commits that drover made in a worktree from the agent's own. */
export const keptTrailer = 'Drover-Kept'

const firstLine = (text: string): string => plainLine(text.trim().split(/[\r\n\u2028\u2029]/)[0] ?? '')

/** Lines that git, or a forge that searches whole messages, would read as a trailer are set in by one blank. */
const withoutTrailers = (body: string): string => {
  const last = body.lastIndexOf('\n\n') + 1
  return body
    .slice(0, last)
    .replace(/^(?=(?:drover-[\w-]*|[\w-]+-by)\s*:)/gim, ' ')
    .concat(body.slice(last).replace(/^(?=[\w-]+\s*:|\(cherry picked from )/gim, ' '))
}
