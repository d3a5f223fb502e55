import type { AgentEvent } from '../ports/driver.ts'
import type { AcpOptions } from './acp-options.ts'
import { costIn } from './acp-usage.ts'
import { type Fields, fieldsIn, listIn, textIn } from './json.ts'

const isOver = new Set(['completed', 'failed'])
/** A text that is longer keeps its end, where a report would be. */
const longestText = 256 * 1024

/** Reads the updates of a turn. A text comes in pieces and is told when something else comes. */
export function openUpdates(aside: AcpOptions['aside']) {
  let pieces = ''
  let last = ''
  let failure: string | undefined
  const begun = new Map<string, { name: string; detail: string }>()

  const flush = (): AgentEvent[] => {
    const text = pieces
    pieces = ''
    if (text.trim() === '') return []
    last = text
    return [{ kind: 'text', text }]
  }

  const piece = (text: string): AgentEvent[] => {
    const kind = aside?.(text)
    if (kind === undefined) {
      pieces = (pieces + text).slice(-longestText)
      if (text !== '') failure = undefined
      return [{ kind: 'alive' }]
    }
    failure = kind === 'error' ? text : undefined
    const told: AgentEvent =
      kind === 'retrying' ? { kind: 'retrying', cause: 'server', delayMs: null, text } : { kind: 'text', text }
    return [...flush(), told]
  }

  const tool = (update: Fields): AgentEvent[] => {
    const id = textIn(update['toolCallId'])
    const known = begun.get(id)
    const about = known ?? { name: textIn(update['kind']) || 'tool', detail: detailOf(update) }
    const begins: AgentEvent = known ? { kind: 'alive' } : { kind: 'tool', phase: 'begins', id, ...about }
    if (!isOver.has(textIn(update['status']))) {
      begun.set(id, about)
      return [...flush(), begins]
    }
    begun.delete(id)
    return [...flush(), begins, { kind: 'tool', phase: 'ends', id, ...about }]
  }

  const readers: Readonly<Record<string, (update: Fields) => AgentEvent[]>> = {
    agent_message_chunk: ({ content }) => piece(textIn(fieldsIn(content)['text'])),
    tool_call: tool,
    tool_call_update: tool,
    usage_update: (update) => [...costIn(update), { kind: 'alive' }],
  }

  return {
    read(update: Fields): AgentEvent[] {
      const kind = textIn(update['sessionUpdate'])
      return Object.hasOwn(readers, kind) ? readers[kind]!(update) : [{ kind: 'alive' }]
    },
    /** The turn is over: so is what it had begun and did not tell the end of. */
    end(): AgentEvent[] {
      const open = [...begun].map(([id, about]): AgentEvent => ({ kind: 'tool', phase: 'ends', id, ...about }))
      begun.clear()
      return [...flush(), ...open]
    },
    /** The agent's last words. */
    last: () => last,
    /** The program's own error, when nothing came after it. */
    failure: () => failure,
    /** A turn begins. */
    begin(): void {
      last = ''
      failure = undefined
    },
  }
}

function detailOf(update: Fields): string {
  const { command, path } = fieldsIn(update['rawInput'])
  const places = listIn(update['locations']).map((one) => textIn(fieldsIn(one)['path']))
  return (textIn(command) || textIn(path) || textIn(update['title']) || places.join(' ')).slice(0, 1000)
}
