import type { IncomingHttpHeaders } from 'node:http'

/** What was said so far, in the order it was, in no provider's words. */
export type Item =
  | { kind: 'user'; text: string }
  | { kind: 'assistant'; text: string }
  | { kind: 'call'; id: string; name: string; input: string }
  | { kind: 'result'; of: string; text: string }

export interface Tool {
  name: string
  /** Codex groups the tools of an MCP server. */
  namespace?: string
}

export interface Asked {
  items: Item[]
  tools: Tool[]
  model: string
  streams: boolean
  /** The client's own name for it, where it sends one. */
  session: string
}

export interface Request {
  path: string
  headers: IncomingHttpHeaders
  body: Json
}

export interface ToolCall {
  name: string
  namespace?: string
  input: object
  /** Not a tool of the client's that works, but its search for one. */
  isSearch?: boolean
}

export interface Answer {
  text: string
  call: ToolCall | null
  stream: { pieces: number; everyMs: number } | null
  usage: { input: number; output: number }
}

export type Refusal = { kind: 'status'; status: number } | { kind: 'toolong' } | { kind: 'limit'; until: number }

export interface Refused {
  status: number
  headers: Record<string, string>
  body: object
}

/** Where an answer goes. */
export interface Out {
  json(status: number, body: object, headers?: Record<string, string>): void
  event(name: string | null, body: object): void
  /** The text in pieces, with time between them. */
  pieces(answer: Answer): AsyncIterable<string>
  end(lastLine?: string): void
}

/** How one provider's interface says these things. */
export interface Dialect {
  name: 'anthropic' | 'responses' | 'chat' | 'gemini'
  path: RegExp
  asked(request: Request): Asked
  answer(out: Out, answer: Answer, request: Request): Promise<void>
  /** The first words of an answer that will not be finished. */
  begin(out: Out): void
  refuse(refusal: Refusal): Refused
}

// Bodies come from programs that nobody here controls: whatever is not what it should be is empty.

export type Json = Readonly<Record<string, unknown>>

export const record = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

export const records = (value: unknown): Json[] => (Array.isArray(value) ? value.map(record) : [])

export const string = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The text of a content that may be a string, or blocks, or blocks in blocks. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return records(content)
    .map(({ text, content: inner }) => string(text) || textOf(inner))
    .join('\n')
}

/** Words that a client puts beside a person's. */
const reminders = /<system-reminder>[\s\S]*?<\/system-reminder>/g

export function userItems(text: string): Item[] {
  const left = text.replace(reminders, '').trim()
  return left === '' ? [] : [{ kind: 'user', text: left }]
}
