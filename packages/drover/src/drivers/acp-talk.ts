import { promptBeyond } from '../domain/beyond.ts'
import type { AgentEvent, Spec, Talk, TurnEnd } from '../ports/driver.ts'
import type { AcpOptions } from './acp-options.ts'
import { endOf } from './acp-ends.ts'
import { giveLeave } from './acp-leave.ts'
import { greeting, openSession, wishes } from './acp-session.ts'
import { openUpdates } from './acp-updates.ts'
import { openCounts, recordedIn, recordedMethod } from './acp-usage.ts'
import { endedBy } from './error-words.ts'
import { type Fields, fieldsIn, textIn } from './json.ts'
import { ask, type Message, messagesIn, tell } from './json-rpc.ts'

const mostPings = 1000
const reply = (...lines: string[]): AgentEvent => ({ kind: 'reply', lines })

/**
 * The life of one connection: greeting, session, wishes, then prompt after prompt. Ids say what was asked, so answers explain themselves.
 * A session that is loaded tells its history, also after it is loaded: it is asked something it does not know until nothing came in between.
 */
export function openAcpTalk(spec: Spec, options: AcpOptions): Talk {
  const updates = openUpdates(options.aside)
  const usageIn = openCounts(options.counting ?? {})
  let stage: 'greeting' | 'opening' | 'ready' = 'greeting'
  let version: string | null = null
  let session = ''
  let wanted: { id: string; line: string }[] = []
  let prompts = 0
  /** Times it was asked whether the history is told, and what was told since the last time. */
  let pings = 0
  let told = 0
  /** What people said, in the history as it was told. */
  let held = ''
  let running = false
  /** What a record says that was told before the session was open. */
  let recorded: AgentEvent[] = []
  /** Words that wait for the end of the turn that was broken off for them. */
  let hints: { id: string; text: string }[] = []

  const prompt = (text: string): string => {
    running = true
    updates.begin()
    return ask(`prompt/${++prompts}`, 'session/prompt', { sessionId: session, prompt: [{ type: 'text', text }] })
  }
  const cancel = (): string => tell('session/cancel', { sessionId: session })

  const isTelling = (): boolean => spec.session !== null && (pings === 0 || told > 0) && pings < mostPings
  const ping = (): string => {
    told = 0
    return ask(`told/${++pings}`, '_drover/told', {})
  }
  const prepare = (): AgentEvent => reply(wanted[0]?.line ?? (isTelling() ? ping() : prompt(promptBeyond(held, spec))))

  const opened = (result: Fields): AgentEvent[] => {
    session = textIn(result['sessionId']) || (spec.session ?? '')
    wanted = wishes(spec, session, result)
    const model = textIn(fieldsIn(result['models'])['currentModelId']) || null
    stage = 'ready'
    return [{ kind: 'session', session, model, version }, ...recorded, prepare()]
  }

  const end = (how: TurnEnd): AgentEvent[] => {
    running = false
    const waiting = hints
    hints = []
    if (waiting.length === 0 || (how.reason !== 'done' && how.reason !== 'interrupted'))
      return [{ kind: 'turn', end: how }]
    const heard = waiting.map(({ id }): AgentEvent => ({ kind: 'heard', hint: id }))
    return [reply(prompt(waiting.map(({ text }) => text).join('\n\n'))), ...heard]
  }

  const answered = (id: string, message: Message & { kind: 'result' | 'refusal' }, now: number): AgentEvent[] => {
    if (id === wanted[0]?.id) {
      wanted = wanted.slice(1) // what was refused is left as it is
      return [prepare()]
    }
    if (id.startsWith('told/')) return prompts === 0 ? [prepare()] : []
    if (message.kind === 'refusal') {
      if (id === 'initialize')
        return [{ kind: 'turn', end: { reason: 'unsupported', text: message.text, until: null } }]
      if (id !== 'session' && !id.startsWith('prompt/')) return []
      return [...updates.end(), ...end(endedBy(message, now))]
    }
    if (id === 'initialize' && stage === 'greeting') {
      version = textIn(fieldsIn(message.result['agentInfo'])['version']) || null
      stage = 'opening'
      return [reply(openSession(spec, options.ignoresServers ?? false))]
    }
    if (id === 'session' && stage === 'opening') return opened(message.result)
    return id.startsWith('prompt/') ? ended(message.result, now) : []
  }

  const ended = (result: Fields, now: number): AgentEvent[] => {
    const before = [...updates.end(), ...usageIn(result)]
    const failure = updates.failure()
    const stop = textIn(result['stopReason'])
    const how =
      failure !== undefined && stop === 'end_turn'
        ? endedBy({ code: null, text: failure }, now)
        : endOf(stop, updates.last())
    return [...before, ...end(how)]
  }

  const meaning = (message: Message, now: number): AgentEvent[] => {
    if (message.kind === 'request') return [reply(giveLeave(spec, message.id, message.method, message.params))]
    if (message.kind !== 'notice') return answered(String(message.id), message, now)
    if (message.method === recordedMethod) recorded = [recordedIn(message.params)]
    if (message.method !== 'session/update') return [{ kind: 'alive' }]
    const update = fieldsIn(message.params['update'])
    if (prompts > 0) return updates.read(update)
    if (update['sessionUpdate'] === 'user_message_chunk') held += textIn(fieldsIn(update['content'])['text'])
    told++
    return [{ kind: 'alive' }]
  }

  return {
    open: () => [greeting()],
    read: (line, now) => messagesIn(line).flatMap((message) => meaning(message, now)),
    say(intent) {
      if (prompts === 0) return undefined
      if (intent.kind === 'prompt') return running ? undefined : [prompt(intent.text)]
      if (!running || options.forgetsCancelled) return undefined
      if (intent.kind === 'interrupt') {
        hints = []
        return [cancel()]
      }
      hints.push({ id: intent.id, text: intent.text })
      return hints.length === 1 ? [cancel()] : []
    },
    ended({ exitCode, errors }) {
      if (stage === 'greeting' && exitCode !== 0) return { reason: 'unsupported', text: errors.trim(), until: null }
      return undefined
    },
  }
}
