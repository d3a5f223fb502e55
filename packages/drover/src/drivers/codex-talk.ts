import type { AgentEvent, Intent, Spec, Talk, TurnEnd } from '../ports/driver.ts'
import { sandboxOf, settingsOf, withItsEnvironment } from './codex-config.ts'
import { endedBy, reasonInWords } from './codex-ends.ts'
import { giveLeave } from './codex-leave.ts'
import { type Heard, nothingHeard, noticed } from './codex-notices.ts'
import { type Fields, fieldsIn, textIn } from './json.ts'
import { ask, type Message, messagesIn, methodNotFound, tell } from './json-rpc.ts'

/** A conversation with `codex app-server`. */
export function talkWithCodex(spec: Spec): Talk {
  const heard = nothingHeard()
  return {
    open: () => [ask('initialize', 'initialize', introduction)],
    read: (line, now) => messagesIn(line).flatMap((message) => understand(spec, heard, message, now)),
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
  return [ask(`hint ${intent.id}`, 'turn/steer', hint)]
}

const textInput = (text: string): Fields[] => [{ type: 'text', text, text_elements: [] }]
const startTurn = (threadId: string, text: string): string =>
  ask('turn', 'turn/start', { threadId, input: textInput(text) })

function openThread(spec: Spec): string {
  const settings = {
    cwd: spec.worktree,
    approvalPolicy: 'never',
    sandbox: sandboxOf(spec),
    config: settingsOf(spec, withItsEnvironment),
    ...(spec.model !== null && { model: spec.model }),
  }
  return spec.session === null
    ? ask('thread', 'thread/start', settings)
    : ask('thread', 'thread/resume', { ...settings, threadId: spec.session, excludeTurns: true })
}

function understand(spec: Spec, heard: Heard, message: Message, now: number): AgentEvent[] {
  if (message.kind === 'request')
    return [{ kind: 'reply', lines: [giveLeave(spec, message.id, message.method, message.params)] }]
  if (message.kind === 'refusal') return refused(heard, message, now)
  if (message.kind === 'notice') return noticed(heard, message.method, message.params, now)
  return Object.hasOwn(answered, message.id) ? answered[message.id]!(spec, heard, message.result) : []
}

const answered: Readonly<Record<string, (spec: Spec, heard: Heard, result: Fields) => AgentEvent[]>> = {
  initialize(spec, heard, { userAgent }) {
    heard.introduced = true
    heard.version = /\/(\d+\.\d+\.\d\S*)/.exec(textIn(userAgent))?.[1] ?? null
    return [{ kind: 'reply', lines: [tell('initialized'), openThread(spec)] }]
  },
  thread(spec, heard, { thread, model }) {
    const session = textIn(fieldsIn(thread)['id'])
    heard.thread = session
    return [
      { kind: 'session', session, model: textIn(model) || null, version: heard.version },
      { kind: 'reply', lines: [startTurn(session, spec.prompt)] },
    ]
  },
  turn(_, heard, { turn }) {
    const id = textIn(fieldsIn(turn)['id'])
    if (id !== heard.over) heard.turn = id
    return []
  },
}

/** A hint or an interrupt that comes too late is refused: the turn's end says all there is to say. */
function refused(heard: Heard, { id, code, text }: Message & { kind: 'refusal' }, now: number): AgentEvent[] {
  if (id !== 'initialize' && id !== 'thread' && id !== 'turn') return []
  const strange = id === 'initialize' || code === methodNotFound || /unknown variant `(?:thread|turn)\//.test(text)
  return [{ kind: 'turn', end: endedBy(strange ? 'unsupported' : reasonInWords(text), text, now) }]
}
