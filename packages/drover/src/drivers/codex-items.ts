import type { AgentEvent } from '../ports/driver.ts'
import { type Fields, fieldsIn, listIn, textIn } from './json.ts'

/** What stands behind the kinds of item that are work, in the spelling of `app-server` and of `exec`. */
const tools: Readonly<Record<string, (item: Fields) => { name: string; detail: string }>> = {
  commandExecution: ({ command }) => ({ name: 'shell', detail: textIn(command) }),
  fileChange: ({ changes }) => ({ name: 'edit', detail: listIn(changes).map(pathOf).join(' ') }),
  mcpToolCall: (item) => ({ name: `${textIn(item['server'])}.${textIn(item['tool'])}`, detail: given(item) }),
  dynamicToolCall: (item) => ({ name: textIn(item['tool']), detail: given(item) }),
  collabAgentToolCall: (item) => ({ name: textIn(item['tool']), detail: textIn(item['prompt']) }),
  collabToolCall: (item) => ({ name: textIn(item['tool']), detail: textIn(item['prompt']) }),
  webSearch: ({ query }) => ({ name: 'search', detail: textIn(query) }),
  imageView: ({ path }) => ({ name: 'view', detail: textIn(path) }),
  imageGeneration: () => ({ name: 'draw', detail: '' }),
  sleep: () => ({ name: 'sleep', detail: '' }),
  contextCompaction: () => ({ name: 'compact', detail: '' }),
}

const pathOf = (change: unknown): string => textIn(fieldsIn(change)['path'])
const given = (item: Fields): string => JSON.stringify(item['arguments'] ?? null).slice(0, 1000)
const inCamelCase = (type: string): string => type.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The beginning or end of a tool; nothing when the item is none. */
export function toolEvent(item: Fields, phase: 'begins' | 'ends'): (AgentEvent & { kind: 'tool' }) | undefined {
  const type = inCamelCase(textIn(item['type']))
  const id = textIn(item['id'])
  if (id === '' || !Object.hasOwn(tools, type)) return undefined
  return { kind: 'tool', phase, id, ...tools[type]!(item) }
}
