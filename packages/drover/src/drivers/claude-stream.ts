import type { AgentEvent, TurnEnd } from '../ports/driver.ts'
import { endingOf } from './claude-ending.ts'
import { usageOf, usageOfAmp, used } from './claude-usage.ts'
import { type Fields, fieldsIn, inShort, listIn, numberIn, textIn, toldIn } from './json.ts'

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
    const { objects, whole } = toldIn(line)
    const believed = whole ? objects : objects.filter((one) => isEvent(one, heard.session))
    return believed.flatMap((one) => readers.get(textIn(one.type))?.(one, heard, dialect, now) ?? [])
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
  const session = textIn(said.session_id)
  const model = textIn(said.model) || null
  // Told anew at every turn.
  if (!session || (session === heard.session && model === heard.model)) return heard.between ? next(heard) : alive
  heard.session = session
  heard.model = model
  return [{ kind: 'session', session, model, version: textIn(said.claude_code_version) || null }]
}

function next(heard: Heard): AgentEvent[] {
  heard.between = false
  return [{ kind: 'begins' }]
}

function retrying(said: Fields): AgentEvent {
  const status = numberIn(said.error_status)
  const error = textIn(said.error)
  const count = `try ${numberIn(said.attempt) ?? '?'} of ${numberIn(said.max_retries) ?? '?'}`
  const text = inShort([error || 'error', status, count].filter((part) => part !== null).join(', '))
  return { kind: 'retrying', cause: causeOf(status ?? 0, error), delayMs: numberIn(said.retry_delay_ms), text }
}

function causeOf(status: number, error: string): 'limit' | 'overloaded' | 'auth' | 'server' {
  if (status === 429 || error === 'rate_limit') return 'limit'
  if (status === 529 || error === 'overloaded') return 'overloaded'
  return status === 401 || status === 403 || error.startsWith('auth') ? 'auth' : 'server'
}

const assistant: Reader = (said, heard, dialect) => {
  const message = fieldsIn(said.message)
  if (said.is_api_error_message === true || (message.model === '<synthetic>' && said.error !== undefined)) {
    // The result says it again: these are not the agent's words.
    heard.error = textIn(said.error)
    return alive
  }
  heard.isOver = false
  const isSubAgent = typeof said.parent_tool_use_id === 'string'
  const events = listIn(message.content).flatMap((block) => readBlock(fieldsIn(block), heard, isSubAgent))
  if (dialect.usageIn === 'message') events.push(...used(usageOfAmp(fieldsIn(message.usage)), {}))
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
  const hint = said.isReplay === true ? dialect.hintOf(textIn(said.uuid)) : undefined
  const blocks = listIn(fieldsIn(said.message).content)
  return [...hearing(hint, heard), ...blocks.flatMap((block) => readBlock(fieldsIn(block), heard, true))]
}

function hearing(hint: string | undefined, heard: Heard): AgentEvent[] {
  if (hint === undefined || heard.hints.has(hint)) return []
  heard.hints.add(hint)
  return [{ kind: 'heard', hint }]
}

/** `tool_use`, `server_tool_use`, `mcp_tool_use` and their results, and the agent's own text. */
function readBlock(block: Fields, heard: Heard, isForeign: boolean): AgentEvent[] {
  const type = textIn(block.type)
  if (type.endsWith('tool_use')) return beginning(block, heard)
  if (type.endsWith('tool_result')) return ending(block, heard)
  const text = type === 'text' && !isForeign ? textIn(block.text) : ''
  if (text.trim() === '') return []
  heard.lastText = text
  return [{ kind: 'text', text }]
}

function beginning(block: Fields, heard: Heard): AgentEvent[] {
  const id = textIn(block.id)
  const name = textIn(block.name)
  if (!id || heard.tools.has(id)) return []
  heard.tools.set(id, name)
  return [{ kind: 'tool', phase: 'begins', id, name, detail: detailOf(fieldsIn(block.input)) }]
}

function ending(block: Fields, heard: Heard): AgentEvent[] {
  const id = textIn(block.tool_use_id)
  const name = heard.tools.get(id)
  if (name === undefined) return []
  heard.tools.delete(id)
  return [{ kind: 'tool', phase: 'ends', id, name, detail: inShort(wordsOf(block.content)) }]
}

const telling = ['command', 'cmd', 'file_path', 'path', 'pattern', 'query', 'url', 'description', 'prompt']

function detailOf(input: Fields): string {
  const key = telling.find((name) => typeof input[name] === 'string')
  return inShort(key === undefined ? JSON.stringify(input) : textIn(input[key]))
}

const wordsOf = (content: unknown): string =>
  textIn(content) ||
  listIn(content)
    .map((block) => textIn(fieldsIn(block).text))
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
  const limit = fieldsIn(said.rate_limit_info)
  const reached = limit.status === 'rejected' && limit.isUsingOverage !== true
  const resetsAt = numberIn(limit.resetsAt)
  const until = resetsAt === null ? null : resetsAt * 1000
  if (reached) heard.limitUntil = until
  const fullness = numberIn(limit.utilization)
  const words = [
    textIn(limit.rateLimitType),
    textIn(limit.status),
    fullness === null ? '' : `${Math.round(fullness * 100)} %`,
  ]
  return [{ kind: 'limit', reached, until, text: inShort(words.filter(Boolean).join(' ')) }]
}

/** What becomes of a message of ours that has a uuid. */
const lifecycle: Reader = (said, heard, dialect) => {
  const uuid = textIn(said.command_uuid)
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
