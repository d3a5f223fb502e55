import type { AgentEvent, Talk } from '../ports/driver.ts'

/** What an agent said, for people: the lines of its protocol are for drover. */
export function readable(talk: Talk, now: number): (lines: readonly string[]) => string[] {
  return (lines) => lines.flatMap((line) => talk.read(line, now).flatMap(told))
}

function told(event: AgentEvent): string[] {
  switch (event.kind) {
    case 'text':
      return event.text.trimEnd().split('\n')
    case 'tool':
      return event.phase === 'begins'
        ? [`▸ ${event.name}${event.detail === '' ? '' : `: ${oneLine(event.detail)}`}`]
        : []
    case 'retrying':
      return [`… it tries again (${event.cause}): ${oneLine(event.text)}`]
    case 'limit':
      return event.reached ? [`⏳ ${oneLine(event.text)}`] : []
    case 'turn':
      return event.end.reason === 'done' ? [] : [`■ ${event.end.reason}: ${oneLine(event.end.text)}`]
    default:
      return []
  }
}

const longest = 300
const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > longest ? `${line.slice(0, longest)} …` : line
}
