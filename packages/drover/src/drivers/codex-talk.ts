import type { AgentEvent, Intent, Spec, Talk, TurnEnd } from '../ports/driver.ts'
import { sandboxOf, settingsOf, withItsEnvironment } from './codex-config.ts'
import { endedBy, reasonInWords } from './codex-ends.ts'
import { giveLeave } from './codex-leave.ts'
import { type Heard, nothingHeard, noticed } from './codex-notices.ts'
import { type Fields, fieldsIn, textIn } from './json.ts'
import { ask, type Message, messagesIn, methodNotFound, tell } from './json-rpc.ts'
import { lackingIn } from './look-back.ts'

/** A conversation with `codex app-server`. */
export function talkWithCodex(spec: Spec): Talk {
  const heard = nothingHeard()
  return {
    open: () => [ask('initialize', 'initialize', introduction)],
    read(line, now) {
      heard.lacking = lackingIn(line, spec) ?? heard.lacking
      return messagesIn(line).flatMap((message) => understand(spec, heard, message, now))
    },
    say: (intent) => say(heard, intent),
    ended: (about) => heard.fault ?? (heard.introduced ? undefined : notSpoken(about)),
  }
}

const introduction = {
  clientInfo: { name: 'drover', title: 'drover', version: '1' },
  // The first says the whole of what was changed again at every change, and nobody reads it.
  capabilities: { optOutNotificationMethods: ['turn/diff/updated', 'remoteControl/status/changed'] },
}

/** An old program does not know the command, or takes it for a prompt. One that could not be started is no such program. */
function notSpoken({ exitCode, signal, errors }: Parameters<NonNullable<Talk['ended']>>[0]): TurnEnd | undefined {
  if (signal !== null || exitCode === null || exitCode === 126 || exitCode === 127) return undefined
  return { reason: 'unsupported', text: errors.trim().slice(-2000), until: null }
}

function say({ thread, turn }: Heard, intent: Intent): string[] | undefined {
  if (thread === null) return undefined
  if (intent.kind === 'prompt') return [startTurn(thread, intent.text)]
  if (turn === null) return undefined
  if (intent.kind === 'interrupt') return [ask('interrupt', 'turn/interrupt', { threadId: thread, turnId: turn })]
  const hint = { threadId: thread, expectedTurnId: turn, clientUserMessageId: intent.id, input: textInput(intent.text) }
  return [ask(hintId + intent.id, 'turn/steer', hint)]
}

const textInput = (text: string): Fields[] => [{ type: 'text', text, text_elements: [] }]
const startTurn = (threadId: string, text: string): string =>
  ask('turn', 'turn/start', { threadId, input: textInput(text) })

/**
 * A new thread works where the program was started: to one that names its folder Codex would give its trust for good, in the person's own
 * configuration, and obey what a repository's `.codex` says from then on. A resumed one has to be told, or it goes back to its old folder.
 */
function openThread(spec: Spec, id = 'thread', brief: Fields = { excludeTurns: true }): string {
  const settings = {
    approvalPolicy: 'never',
    sandbox: sandboxOf(spec),
    config: settingsOf(spec, withItsEnvironment),
    ...(spec.model !== null && { model: spec.model }),
  }
  if (spec.session === null) return ask(id, 'thread/start', settings)
  return ask(id, 'thread/resume', { ...settings, threadId: spec.session, cwd: spec.worktree, ...brief })
}

function understand(spec: Spec, heard: Heard, message: Message, now: number): AgentEvent[] {
  if (message.kind === 'request')
    return [{ kind: 'reply', lines: [giveLeave(spec, message.id, message.method, message.params)] }]
  if (message.kind === 'refusal') return refused(spec, message, now)
  if (message.kind === 'notice') return noticed(heard, message.method, message.params, now)
  if (Object.hasOwn(answered, message.id)) return answered[message.id]!(spec, heard, message.result)
  return heard.namesHints ? [] : accepted(String(message.id))
}

const hintId = 'hint '
/** All that an older Codex says of a hint. */
const accepted = (id: string): AgentEvent[] =>
  id.startsWith(hintId) ? [{ kind: 'heard', hint: id.slice(hintId.length) }] : []

const answered: Readonly<Record<string, (spec: Spec, heard: Heard, result: Fields) => AgentEvent[]>> = {
  initialize(spec, heard, { userAgent }) {
    heard.introduced = true
    heard.version = /\/(\d+\.\d+\.\d\S*)/.exec(textIn(userAgent))?.[1] ?? null
    return [{ kind: 'reply', lines: [tell('initialized'), openThread(spec)] }]
  },
  thread: begin,
  'thread at length': begin,
}

function begin(spec: Spec, heard: Heard, { thread, model }: Fields): AgentEvent[] {
  const session = textIn(fieldsIn(thread)['id'])
  heard.thread = session
  return [
    { kind: 'session', session, model: textIn(model) || null, version: heard.version },
    { kind: 'reply', lines: [startTurn(session, [...heard.lacking, spec.prompt].join('\n\n'))] },
  ]
}

/** A hint or an interrupt that comes too late is refused: the turn's end says all there is to say. */
function refused(spec: Spec, { id, code, text }: Message & { kind: 'refusal' }, now: number): AgentEvent[] {
  if (id !== 'turn' && !Object.hasOwn(answered, id)) return []
  if (id === 'thread' && text.includes('excludeTurns'))
    // an older Codex can only say the whole history again
    return [{ kind: 'reply', lines: [openThread(spec, 'thread at length', {})] }]
  const strange = id === 'initialize' || code === methodNotFound || /unknown variant `(?:thread|turn)\//.test(text)
  return [{ kind: 'turn', end: endedBy(strange ? 'unsupported' : reasonInWords(text), text, now) }]
}
