import type { AgentEvent, TurnEnd } from '../ports/driver.ts'
import { limitKeeper, tokenCounter } from './codex-counts.ts'
import { endedBy, reasonOf, retryingAfter } from './codex-ends.ts'
import { toolEvent } from './codex-items.ts'
import { type Fields, fieldsIn, isFields, numberIn, textIn } from './json.ts'

/** What was heard so far. Requests need no memory: their ids say what was asked. */
export interface Heard {
  /** It answered `initialize`, so it speaks this protocol. */
  introduced: boolean
  version: string | null
  thread: string | null
  /** The turn that began; the answer to its start comes before that, too early for a hint. */
  turn: string | null
  /** The turn that ended last. */
  over: string | null
  /** Words that were said to it come back with the id they had; in an older Codex they do not. */
  namesHints: boolean
  words: string
  /** What was said before and its session does not hold. */
  lacking: readonly string[]
  /** An error after which it does not go on. */
  fault: TurnEnd | null
  /** Tools that began and did not end: an interrupt ends them without a word. */
  open: Map<string, AgentEvent & { kind: 'tool' }>
  count: ReturnType<typeof tokenCounter>
  limits: ReturnType<typeof limitKeeper>
}

export const nothingHeard = (): Heard => ({
  introduced: false,
  version: null,
  thread: null,
  turn: null,
  over: null,
  namesHints: true,
  words: '',
  lacking: [],
  fault: null,
  open: new Map(),
  count: tokenCounter(),
  limits: limitKeeper(),
})

/** What a notice of `app-server` means. */
export function noticed(heard: Heard, method: string, params: Fields, now: number): AgentEvent[] {
  if (Object.hasOwn(ofAllThreads, method)) return ofAllThreads[method]!(heard, params, now)
  const ours = heard.thread !== null && params['threadId'] === heard.thread
  if (ours && Object.hasOwn(ofOurThread, method)) return ofOurThread[method]!(heard, params, now)
  return method.startsWith('item/') ? [{ kind: 'alive' }] : [] // words and outputs that come bit by bit
}

type Notice = (heard: Heard, params: Fields, now: number) => AgentEvent[]

/** The agent may have sub-agents of its own, each with a thread: what they use and do counts, what they say and how they end does not. */
const ofAllThreads: Readonly<Record<string, Notice>> = {
  'thread/tokenUsage/updated': (heard, params) => heard.count(params, heard.thread),
  'account/rateLimits/updated': (heard, params) => heard.limits.read(params),
  'item/started': (heard, params) => begun(heard, fieldsIn(params['item'])),
  'item/completed': (heard, params) => completed(heard, fieldsIn(params['item']), params['threadId'] === heard.thread),
}

const ofOurThread: Readonly<Record<string, Notice>> = {
  'turn/started'(heard, { turn }) {
    heard.turn = textIn(fieldsIn(turn)['id'])
    heard.words = ''
    heard.fault = null
    return []
  },
  'turn/completed': (heard, { turn }, now) => ended(heard, fieldsIn(turn), now),
  error: (heard, params, now) => troubled(heard, params, now),
}

/** A hint is heard when it has become part of the conversation; that it was accepted is too early, an interrupt may still lose it. */
function begun(heard: Heard, item: Fields): AgentEvent[] {
  if (item['type'] === 'userMessage') heard.namesHints = 'clientId' in item
  const hint = item['type'] === 'userMessage' ? textIn(item['clientId']) : ''
  if (hint !== '') return [{ kind: 'heard', hint }]
  const tool = toolEvent(item, 'begins')
  if (tool) heard.open.set(tool.id, tool)
  return [tool ?? { kind: 'alive' }]
}

function completed(heard: Heard, item: Fields, ours: boolean): AgentEvent[] {
  const tool = toolEvent(item, 'ends')
  if (tool) heard.open.delete(tool.id)
  if (item['type'] !== 'agentMessage' || !ours) return [tool ?? { kind: 'alive' }]
  heard.words = textIn(item['text'])
  return [{ kind: 'text', text: heard.words }]
}

function troubled(heard: Heard, params: Fields, now: number): AgentEvent[] {
  const error = fieldsIn(params['error'])
  if (params['willRetry'] === true) return [retryingAfter(reasonOf(error), wordsOf(error))]
  heard.fault = faultOf(heard, error, now)
  return []
}

/** `Reconnecting... 1/5`, and why. */
const wordsOf = (error: Fields): string =>
  [error['message'], error['additionalDetails']].map(textIn).filter(Boolean).join(': ')

const faultOf = (heard: Heard, error: Fields, now: number): TurnEnd =>
  endedBy(reasonOf(error), textIn(error['message']), now, heard.limits.resets(now))

function ended(heard: Heard, turn: Fields, now: number): AgentEvent[] {
  const id = textIn(turn['id'])
  if (id === heard.over) return [] // a turn ends once
  const end = endOf(heard, turn, now)
  const left = [...heard.open.values()].map((tool) => ({ ...tool, phase: 'ends' as const }))
  heard.open.clear()
  heard.over = id
  heard.turn = null
  return [...left, { kind: 'turn', end }]
}

/** Its own clock says when it ended: the lines may be read again much later, and `9:48 AM` be meant for tomorrow then. */
function endOf(heard: Heard, turn: Fields, now: number): TurnEnd {
  const at = numberIn(turn['completedAt']) === null ? now : Number(turn['completedAt']) * 1000
  if (turn['status'] === 'completed') return { reason: 'done', text: heard.words, until: null }
  if (turn['status'] === 'interrupted') return { reason: 'interrupted', text: heard.words, until: null }
  if (isFields(turn['error'])) return faultOf(heard, turn['error'], at)
  return heard.fault ?? { reason: 'crashed', text: heard.words, until: null }
}
