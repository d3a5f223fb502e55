import type { TurnEnd, TurnReason } from '../ports/driver.ts'
import { type Fields, textIn } from './json.ts'
import { readResetTime } from './reset-time.ts'

/** Codes of ACP, and of HTTP where an agent passes them on. 429 is left to the words: it stands for a plan's limit, and for a full provider. */
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

/** A limit that is one of an account, by the words for it. */
export const saysLimit = (text: string): boolean =>
  /(?:usage|rate|request|token|weekly|daily|monthly|session|account).{0,3}limit|limit.{0,3}(?:reached|exceeded)|quota|usage exceeded|out of credits/i.test(
    text,
  )

const words: readonly (readonly [TurnReason, (text: string) => boolean])[] = [
  ['limit', saysLimit],
  [
    'context',
    (text) => /context.?(?:window|length|limit)|too long|input token count|exceeds the (?:maximum|context)/i.test(text),
  ],
  [
    'auth',
    (text) => /\b40[13]\b|authenticat|unauthori[sz]ed|not (?:logged|signed) in|api.?key|\blog ?in\b/i.test(text),
  ],
  [
    'overloaded',
    (text) =>
      /\b(?:429|5\d\d)\b|overloaded|too many requests|exhausted|unavailable|high demand|failed to get response|transient|fetch failed|ECONN|socket|connection|timed? ?out|terminated/i.test(
        text,
      ),
  ],
]

/** The end that an error made; asked of the program's own errors, never of what a model says. */
export function endedBy(error: { code: number | null; text: string; more?: Fields }, now: number): TurnEnd {
  const details = ['errorKind', 'details', 'message'].map((name) => textIn(error.more?.[name]))
  const text = [error.text, ...details].filter(Boolean).join(': ')
  const byCode = error.code !== null && Object.hasOwn(codes, error.code) ? codes[error.code] : undefined
  const found = byCode ?? words.find(([, said]) => said(text))?.[0] ?? 'crashed'
  const until = found === 'limit' ? readResetTime(text, now) : null
  return isPace(until, now) ? { reason: 'overloaded', text, until: null } : { reason: found, text, until }
}

const paceMs = 60_000

/** Who is told to wait for seconds is only too fast: no account has to rest for that. */
export const isPace = (until: number | null, now: number): boolean =>
  until !== null && until > now - paceMs && until <= now + paceMs
