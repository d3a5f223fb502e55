import type { TurnEnd, TurnReason } from '../ports/driver.ts'
import { type Fields, textIn } from './json.ts'
import { readResetTime } from './reset-time.ts'

const stops: Readonly<Record<string, TurnReason>> = {
  end_turn: 'done',
  cancelled: 'interrupted',
  max_tokens: 'context',
  max_turn_requests: 'max_turns',
}

/** The end that the answer to a prompt names. */
export function endOf(stopReason: string, text: string): TurnEnd {
  const reason = Object.hasOwn(stops, stopReason) ? stops[stopReason]! : 'crashed'
  return {
    reason,
    text: text || (reason === 'crashed' ? `the turn ended with ${stopReason || 'no reason'}` : ''),
    until: null,
  }
}

/** Codes of ACP, and of HTTP where an agent passes them on. */
const codes: Readonly<Record<number, TurnReason>> = {
  [-32_000]: 'auth',
  401: 'auth',
  403: 'auth',
  500: 'overloaded',
  502: 'overloaded',
  503: 'overloaded',
  504: 'overloaded',
  529: 'overloaded',
}

const words: readonly (readonly [TurnReason, RegExp])[] = [
  [
    'limit',
    /(?:usage|rate|request|token|weekly|daily|monthly|session).?limit|limit (?:reached|exceeded)|quota|out of credits/i,
  ],
  ['context', /context.?(?:window|length)|prompt is too long|input token count|exceeds the (?:maximum|context)/i],
  ['auth', /\b40[13]\b|authenticat|unauthori[sz]ed|not (?:logged|signed) in|api.?key|log ?in/i],
  [
    'overloaded',
    /\b(?:429|5\d\d)\b|overloaded|too many requests|exhausted|unavailable|high demand|failed to get response|transient|fetch failed|ECONN|socket|connection|timed? ?out|terminated/i,
  ],
]

/** The end that an error made; asked of the program's own errors, never of what a model says. */
export function endedBy(error: { code: number | null; text: string; more?: Fields }, now: number): TurnEnd {
  const details = [textIn(error.more?.['errorKind']), textIn(error.more?.['details']), textIn(error.more?.['message'])]
  const text = [error.text, ...details].filter(Boolean).join(': ')
  const reason =
    // A code of 429 stands for both.
    (error.code !== null && Object.hasOwn(codes, error.code) && codes[error.code]) ||
    words.find(([, said]) => said.test(text))?.[0] ||
    'crashed'
  return { reason, text, until: reason === 'limit' ? readResetTime(text, now) : null }
}
