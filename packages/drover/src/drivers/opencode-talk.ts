import type { AgentEvent, Spec, Talk, TurnEnd } from '../ports/driver.ts'
import { endedBy } from './error-words.ts'
import { type Fields, fieldsIn, numberIn, objectsIn, textIn } from './json.ts'
import { endOf, retryOf } from './opencode-ends.ts'
import { toolOf, usageOf } from './opencode-parts.ts'

const alive: AgentEvent[] = [{ kind: 'alive' }]

/** Reads what the bridge says. The opening holds the first prompt, so nothing is said at first. */
export function openOpencodeTalk(spec: Spec): Talk {
  let version: string | null = null
  let session = ''
  let model = spec.model
  /** The end of a turn is told twice or more, also when the next prompt was said already: only one that has begun can end. */
  let turn: 'none' | 'asked' | 'begun' = 'none'
  let last = ''
  let isStopping = false
  /** How the turn ends if nothing comes after it. */
  let failure: TurnEnd | undefined
  /** The limit that it waits for. */
  let limit: { until: number | null; text: string } | undefined
  const roles = new Map<string, string>()

  const opened = (): AgentEvent => ({ kind: 'session', session, model, version })

  const end = (how: TurnEnd): AgentEvent[] => {
    if (turn === 'none') return []
    turn = 'none'
    isStopping = false
    failure = undefined
    last = ''
    const stopped = how.reason === 'interrupted' && limit ? ({ reason: 'limit', ...limit } as const) : how
    limit = undefined
    return [{ kind: 'turn', end: stopped }]
  }

  /** It works: whatever went wrong before is over. */
  const goOn = (event: AgentEvent): AgentEvent[] => {
    failure = undefined
    const before: AgentEvent[] = limit ? [{ kind: 'limit', reached: false, until: null, text: '' }] : []
    limit = undefined
    return [...before, event]
  }

  const part = (said: Fields, isMain: boolean): AgentEvent[] => {
    if (said['type'] === 'tool') return goOn(toolOf(said))
    if (said['type'] === 'step-finish') return goOn(usageOf(said))
    const hint = textIn(fieldsIn(said['drover'])['hint'])
    if (hint !== '') return [{ kind: 'heard', hint }]
    if (!isMain || roles.get(textIn(said['messageID'])) !== 'assistant') return alive
    const text = textIn(said['text'])
    if (text === '') return alive
    last = text
    return goOn({ kind: 'text', text })
  }

  const message = ({ id, role, modelID, providerID }: Fields, isMain: boolean): AgentEvent[] => {
    roles.set(textIn(id), textIn(role))
    const name = `${textIn(providerID)}/${textIn(modelID)}`
    if (!isMain || role !== 'assistant' || name === model || modelID === undefined) return alive
    model = name
    return [opened()]
  }

  const idle = (): AgentEvent[] =>
    turn === 'begun' ? end(failure ?? { reason: isStopping ? 'interrupted' : 'done', text: last, until: null }) : alive

  /** A turn that cannot begin is never told to have ended. One that has may go on, as after a compaction. */
  const failed = (how: TurnEnd): AgentEvent[] => {
    if (turn === 'asked') return how.reason === 'interrupted' ? alive : end(how)
    failure = how
    return alive
  }

  const status = (said: Fields, now: number): AgentEvent[] => {
    if (said['type'] === 'idle') return idle()
    turn = 'begun'
    if (said['type'] !== 'retry') return alive
    const event = retryOf(said, now)
    limit = event.kind === 'limit' ? { until: event.until, text: event.text } : undefined
    return [event]
  }

  const event = ({ type, properties }: Fields, now: number): AgentEvent[] => {
    const about = fieldsIn(properties)
    const isMain = about['sessionID'] === session
    if (type === 'message.updated') return message(fieldsIn(about['info']), isMain)
    if (type === 'message.part.updated') return part(fieldsIn(about['part']), isMain)
    if (!isMain) return alive // of an agent that it started
    if (type === 'session.status') return status(fieldsIn(about['status']), now)
    if (type === 'session.idle') return status({ type: 'idle' }, now)
    return type === 'session.error' ? failed(endOf(fieldsIn(about['error']), now)) : alive
  }

  const refused = (said: Fields, now: number): AgentEvent[] => {
    if (said['what'] !== 'session' && said['what'] !== 'prompt') return alive // the hint is said in the next turn
    turn = 'asked'
    return end(
      endedBy(
        { code: numberIn(said['status']), text: `${textIn(said['what'])} refused: ${textIn(said['text'])}` },
        now,
      ),
    )
  }

  const over = (said: Fields): AgentEvent[] => {
    const reason = version === null ? 'unsupported' : 'crashed'
    if (version === null) turn = 'asked'
    return end({ reason, text: textIn(said['text']) || 'the server ended', until: null })
  }

  const readers: Readonly<Record<string, (said: Fields, now: number) => AgentEvent[]>> = {
    ready(said) {
      version = textIn(said['version'])
      return alive
    },
    session(said) {
      session = textIn(said['session'])
      turn = 'asked'
      return [opened()]
    },
    event: (said, now) => event(fieldsIn(said['event']), now),
    interrupting() {
      isStopping = true
      return alive
    },
    alive: () => alive,
    refused,
    over,
  }

  return {
    open: () => [],
    read: (line, now) =>
      objectsIn(line).flatMap((said) => {
        const kind = textIn(said['bridge'])
        return Object.hasOwn(readers, kind) ? readers[kind]!(said, now) : []
      }),
    say(intent) {
      if (session === '' || (turn === 'none') !== (intent.kind === 'prompt')) return undefined
      if (intent.kind === 'prompt') turn = 'asked'
      if (intent.kind === 'interrupt') return [JSON.stringify({ do: 'interrupt' })]
      const { kind, text } = intent
      return [JSON.stringify({ do: kind, ...(kind === 'hint' && { id: intent.id }), text })]
    },
  }
}
