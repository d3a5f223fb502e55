import type { AgentEvent, TurnEnd } from '../ports/driver.ts'
import { endingOf } from './claude-ending.ts'
import { usageOf, usageOfAmp, used } from './claude-usage.ts'
import { type Fields, fieldsOf, inShort, listOf, numberOf, textOf } from './fields.ts'
import { objectsIn } from './json-lines.ts'

/** In what the programs that speak this stream differ. */
export interface Dialect {
  /** The hint that the user's message with this uuid was. */
  hintOf(uuid: string): string | undefined
  /** Where tokens are told. */
  usageIn: 'result' | 'message'
  /** A message whose `stop_reason` is `end_turn` ends the turn, and a result may follow or not. */
  endTurn: boolean
}

/** What has been read so far, as far as it is needed to understand what comes. */
interface Heard {
  session: string | null
  model: string | null
  /** Tools that have begun, by id. */
  tools: Map<string, string>
  /** Messages of ours that it has taken in and not begun with. */
  queued: Set<string>
  hints: Set<string>
  error: string
  limitUntil: number | null
  lastText: string
  /** The turn's end was told already. */
  isOver: boolean
  /** A turn has ended and no other has begun. */
  between: boolean
}

type Reader = (said: Fields, heard: Heard, dialect: Dialect, now: number) => AgentEvent[]

/** Reads the lines of Claude Code's `stream-json`: a fold over the lines, from the first. */
export function claudeReader(dialect: Dialect): (line: string, now: number) => AgentEvent[] {
  const heard: Heard = {
    ...newTurn(),
    session: null,
    model: null,
    tools: new Map(),
    queued: new Set(),
    hints: new Set(),
    between: false,
  }
  return (line, now) => {
    const { objects, whole } = objectsIn(line)
    const believed = whole ? objects : objects.filter((one) => isEvent(one, heard.session))
    return believed.flatMap((one) => readers.get(textOf(one.type))?.(one, heard, dialect, now) ?? [])
  }
}

const newTurn = (): Pick<Heard, 'error' | 'limitUntil' | 'lastText' | 'isOver'> => ({
  error: '',
  limitUntil: null,
  lastText: '',
  isOver: false,
})

/** In a broken line, what an agent wrote as a tool's input may look like an event; but it stands inside of one, without the session. */
const isEvent = (said: Fields, session: string | null): boolean =>
  typeof said.session_id === 'string' && (session === null || said.session_id === session)

const alive: AgentEvent[] = [{ kind: 'alive' }]

const system: Reader = (said, heard) => {
  if (said.subtype === 'api_retry') return [retrying(said)]
  if (said.subtype !== 'init') return alive
  const session = textOf(said.session_id)
  const model = textOf(said.model) || null
  // Told anew at every turn.
  if (!session || (session === heard.session && model === heard.model)) return heard.between ? next(heard) : alive
  heard.session = session
  heard.model = model
  return [{ kind: 'session', session, model, version: textOf(said.claude_code_version) || null }]
}

function next(heard: Heard): AgentEvent[] {
  heard.between = false
  return [{ kind: 'begins' }]
}

function retrying(said: Fields): AgentEvent {
  const status = numberOf(said.error_status)
  const error = textOf(said.error)
  const count = `try ${numberOf(said.attempt) ?? '?'} of ${numberOf(said.max_retries) ?? '?'}`
  const text = inShort([error || 'error', status, count].filter((part) => part !== null).join(', '))
  return { kind: 'retrying', cause: causeOf(status ?? 0, error), delayMs: numberOf(said.retry_delay_ms), text }
}

function causeOf(status: number, error: string): 'limit' | 'overloaded' | 'auth' | 'server' {
  if (status === 429 || error === 'rate_limit') return 'limit'
  if (status === 529 || error === 'overloaded') return 'overloaded'
  return status === 401 || status === 403 || error.startsWith('auth') ? 'auth' : 'server'
}

const assistant: Reader = (said, heard, dialect) => {
  const message = fieldsOf(said.message)
  if (said.is_api_error_message === true || (message.model === '<synthetic>' && said.error !== undefined)) {
    // The result says it again: these are not the agent's words.
    heard.error = textOf(said.error)
    return alive
  }
  heard.isOver = false
  const isSubAgent = typeof said.parent_tool_use_id === 'string'
  const events = listOf(message.content).flatMap((block) => readBlock(fieldsOf(block), heard, isSubAgent))
  if (dialect.usageIn === 'message') events.push(...used(usageOfAmp(fieldsOf(message.usage)), {}))
  if (dialect.endTurn && !isSubAgent && message.stop_reason === 'end_turn') events.push(...endTurn(heard))
  return events
}

/** A result that follows says the same. */
function endTurn(heard: Heard): AgentEvent[] {
  const events = close(heard, { reason: 'done', text: heard.lastText, until: null })
  heard.isOver = true
  return events
}

const user: Reader = (said, heard, dialect) => {
  heard.isOver = false
  const hint = said.isReplay === true ? dialect.hintOf(textOf(said.uuid)) : undefined
  const blocks = listOf(fieldsOf(said.message).content)
  return [...hearing(hint, heard), ...blocks.flatMap((block) => readBlock(fieldsOf(block), heard, true))]
}

function hearing(hint: string | undefined, heard: Heard): AgentEvent[] {
  if (hint === undefined || heard.hints.has(hint)) return []
  heard.hints.add(hint)
  return [{ kind: 'heard', hint }]
}

/** `tool_use`, `server_tool_use`, `mcp_tool_use` and their results, and the agent's own text. */
function readBlock(block: Fields, heard: Heard, isForeign: boolean): AgentEvent[] {
  const type = textOf(block.type)
  if (type.endsWith('tool_use')) return beginning(block, heard)
  if (type.endsWith('tool_result')) return ending(block, heard)
  const text = type === 'text' && !isForeign ? textOf(block.text) : ''
  if (text.trim() === '') return []
  heard.lastText = text
  return [{ kind: 'text', text }]
}

function beginning(block: Fields, heard: Heard): AgentEvent[] {
  const id = textOf(block.id)
  const name = textOf(block.name)
  if (!id || heard.tools.has(id)) return []
  heard.tools.set(id, name)
  return [{ kind: 'tool', phase: 'begins', id, name, detail: detailOf(fieldsOf(block.input)) }]
}

function ending(block: Fields, heard: Heard): AgentEvent[] {
  const id = textOf(block.tool_use_id)
  const name = heard.tools.get(id)
  if (name === undefined) return []
  heard.tools.delete(id)
  return [{ kind: 'tool', phase: 'ends', id, name, detail: inShort(wordsOf(block.content)) }]
}

const telling = ['command', 'cmd', 'file_path', 'path', 'pattern', 'query', 'url', 'description', 'prompt']

function detailOf(input: Fields): string {
  const key = telling.find((name) => typeof input[name] === 'string')
  return inShort(key === undefined ? JSON.stringify(input) : textOf(input[key]))
}

const wordsOf = (content: unknown): string =>
  textOf(content) ||
  listOf(content)
    .map((block) => textOf(fieldsOf(block).text))
    .join(' ')

const result: Reader = (said, heard, dialect, now) => {
  if (heard.isOver) return []
  const usage = dialect.usageIn === 'result' ? usageOf(said) : []
  const end = endingOf(said, heard, now)
  // It goes on by itself with what it has taken in meanwhile: the turn ends with the next result.
  if (end.reason === 'done' && heard.queued.size > 0) return usage
  return [...usage, ...close(heard, end)]
}

/** What has begun has ended now, whether it was told or not. */
function close(heard: Heard, end: TurnEnd): AgentEvent[] {
  const tools = [...heard.tools].map(([id, name]): AgentEvent => ({
    kind: 'tool',
    phase: 'ends',
    id,
    name,
    detail: '',
  }))
  heard.tools.clear()
  Object.assign(heard, newTurn(), { between: true })
  return [...tools, { kind: 'turn', end }]
}

/** `allowed_warning` only says how full it is; `rejected` is the end, unless extra usage is paid for. */
const rateLimit: Reader = (said, heard) => {
  const limit = fieldsOf(said.rate_limit_info)
  const reached = limit.status === 'rejected' && limit.isUsingOverage !== true
  const resetsAt = numberOf(limit.resetsAt)
  const until = resetsAt === null ? null : resetsAt * 1000
  if (reached) heard.limitUntil = until
  const fullness = numberOf(limit.utilization)
  const words = [
    textOf(limit.rateLimitType),
    textOf(limit.status),
    fullness === null ? '' : `${Math.round(fullness * 100)} %`,
  ]
  return [{ kind: 'limit', reached, until, text: inShort(words.filter(Boolean).join(' ')) }]
}

/** What becomes of a message of ours that has a uuid. */
const lifecycle: Reader = (said, heard, dialect) => {
  const uuid = textOf(said.command_uuid)
  if (said.state === 'queued') heard.queued.add(uuid)
  else heard.queued.delete(uuid)
  return said.state === 'started' ? hearing(dialect.hintOf(uuid), heard) : []
}

const sign: Reader = () => alive

const readers = new Map<string, Reader>([
  ['system', system],
  ['assistant', assistant],
  ['user', user],
  ['result', result],
  ['rate_limit_event', rateLimit],
  ['command_lifecycle', lifecycle],
  ['tool_progress', sign],
  ['stream_event', sign],
])
