/** A fence longer than any in the text, so that the text cannot close it. */
export function fence(text: string, language = 'text'): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length))
  const ticks = '`'.repeat(longest + 1)
  return `${ticks}${language}\n${text}\n${ticks}`
}

/** Headings, fences, rules and tags: with them words could pass for a section of ours. */
const shapes = /^\s{0,3}(?:#|```|~~~|<|[=\-*_]{2,}\s*$)/m

/** Words of a person as they are; in a fence where they bring a shape of their own. */
export const contained = (text: string): string => (shapes.test(text) ? fence(text, 'markdown') : text)

/** A text as a single line. */
export const oneLine = (text: string): string => text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim()

/** At most so many characters, and a sign that there were more. */
export const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

/** An item of a list; further lines of it stay inside. */
export const item = (text: string): string => {
  const [first = '', ...rest] = contained(text.trim()).split('\n')
  return [`- ${first}`, ...rest.map((line) => (line === '' ? '' : `  ${line}`))].join('\n')
}

export const section = (title: string, ...blocks: readonly (string | false | undefined)[]): string => {
  const said = blocks.filter(Boolean)
  return said.length === 0 ? '' : [`## ${title}`, ...said].join('\n\n')
}

export const list = (lines: readonly string[]): string => lines.map(item).join('\n')
