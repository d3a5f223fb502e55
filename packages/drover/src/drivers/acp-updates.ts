import type { AgentEvent } from '../ports/driver.ts'
import type { AcpOptions } from './acp.ts'
import { costIn } from './acp-usage.ts'
import { type Fields, fieldsIn, listIn, textIn } from './json.ts'

/** A text that is longer keeps its end, where a report would be. */
const longestText = 256 * 1024

/** Reads the updates of a turn. A text comes in pieces and is told when something else comes. */
export function openUpdates(aside: AcpOptions['aside']) {
  let pieces = ''
  let last = ''
  let failure: string | undefined
  const begun = new Map<string, string>()

  const flush = (): AgentEvent[] => {
    if (pieces === '') return []
    last = pieces
    pieces = ''
    return [{ kind: 'text', text: last }]
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
    const status = textIn(update['status'])
    const isOver = status === 'completed' || status === 'failed'
    const known = begun.get(id)
    const name = known ?? (textIn(update['kind']) || 'tool')
    const detail = detailOf(update)
    const begins: AgentEvent[] = known === undefined ? [{ kind: 'tool', phase: 'begins', id, name, detail }] : []
    if (!isOver) begun.set(id, name)
    else begun.delete(id)
    if (isOver) return [...flush(), ...begins, { kind: 'tool', phase: 'ends', id, name, detail }]
    return [...flush(), ...(begins.length > 0 ? begins : [{ kind: 'alive' } as const])]
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
    flush,
    /** The agent's last words. */
    last: () => last,
    /** The program's own error, when nothing came after it. */
    failure: () => failure,
  }
}

function detailOf(update: Fields): string {
  const { command, path } = fieldsIn(update['rawInput'])
  const places = listIn(update['locations']).map((one) => textIn(fieldsIn(one)['path']))
  return (textIn(command) || textIn(path) || textIn(update['title']) || places.join(' ')).slice(0, 1000)
}
