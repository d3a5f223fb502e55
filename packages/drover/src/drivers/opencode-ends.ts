import type { AgentEvent, TurnEnd, TurnReason } from '../ports/driver.ts'
import { endedBy, isPace, saysLimit } from './error-words.ts'
import { type Fields, fieldsIn, numberIn, textIn } from './json.ts'
import { readResetTime } from './reset-time.ts'

const named: Readonly<Record<string, TurnReason>> = {
  ProviderAuthError: 'auth',
  ContextOverflowError: 'context',
  MessageOutputLengthError: 'context',
  MessageAbortedError: 'interrupted',
}

/** The end that an error of OpenCode's means, if nothing comes after it. */
export function endOf(error: Fields, now: number): TurnEnd {
  const { message, statusCode } = fieldsIn(error['data'])
  const name = textIn(error['name'])
  const text = textIn(message) || textIn(error['message']) || name
  if (Object.hasOwn(named, name)) return { reason: named[name]!, text, until: null }
  return endedBy({ code: numberIn(statusCode), text }, now)
}

/** It tries again for ever, also when a limit is not over for hours: the words tell which it is. */
export function retryOf(status: Fields, now: number): AgentEvent & { kind: 'limit' | 'retrying' } {
  const action = fieldsIn(status['action'])
  const text = textIn(status['message'])
  const next = numberIn(status['next'])
  const reset = readResetTime(text, now)
  if (saysLimit(`${text} ${textIn(action['reason'])} ${textIn(action['title'])}`) && !isPace(reset, now)) {
    const until = Math.max(next ?? 0, reset ?? 0)
    return { kind: 'limit', reached: true, until: until || null, text }
  }
  const { reason } = endedBy({ code: null, text }, now)
  const cause = reason === 'auth' || reason === 'overloaded' ? reason : 'server'
  return { kind: 'retrying', cause, delayMs: next === null ? null : Math.max(0, next - now), text }
}
