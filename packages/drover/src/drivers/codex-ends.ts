import type { AgentEvent, TurnEnd, TurnReason } from '../ports/driver.ts'
import { type Fields, fieldsIn, isFields, numberIn, textIn } from './json.ts'
import { readResetTime } from './reset-time.ts'

/** What the kinds of error mean that `app-server` names. Those that are not here are told apart by their words. */
const named: Readonly<Record<string, TurnReason>> = {
  contextWindowExceeded: 'context',
  sessionBudgetExceeded: 'budget',
  usageLimitExceeded: 'limit',
  rateLimitExceeded: 'overloaded',
  flexUnavailable: 'overloaded',
  serverOverloaded: 'overloaded',
  policyCapacityUnavailable: 'overloaded',
  internalServerError: 'overloaded',
  unauthorized: 'auth',
}

/** Errors about the way to the model: where no status came back, nobody was reached. */
const ofTheWay = new Set([
  'httpConnectionFailed',
  'responseStreamConnectionFailed',
  'responseStreamDisconnected',
  'responseTooManyFailedAttempts',
])

/** First what says more than a status, then the status, then what is said where there was none. */
const aboveStatus: readonly (readonly [TurnReason, RegExp])[] = [
  ['limit', /usage limit|usage_limit|out of credits|quota exceeded|credit limit|spend cap|usage not included/i],
  ['context', /context window|context_length_exceeded|ran out of room/i],
]
const belowStatus: readonly (readonly [TurnReason, RegExp])[] = [
  [
    'auth',
    /not (?:logged|signed) in|(?:log|sign) in again|authentication required|access token could not be refreshed|missing environment variable/i,
  ],
  [
    'overloaded',
    /high demand|at capacity|overloaded|unavailable|stream disconnected|error sending request|connection (?:failed|refused|reset|closed)|timed? ?out/i,
  ],
]

/** The reason in the words of an error. Only ever asked of the program's own errors, never of what an agent says. */
export function reasonInWords(text: string): TurnReason {
  const said = (words: typeof aboveStatus): TurnReason | undefined => words.find(([, word]) => word.test(text))?.[0]
  const status = /\bstatus:? (\d{3})\b/.exec(text)?.[1]
  return said(aboveStatus) ?? (status ? reasonOfStatus(Number(status)) : said(belowStatus)) ?? 'crashed'
}

export function reasonOf(error: Fields): TurnReason {
  const kind = error['codexErrorInfo']
  const name = isFields(kind) ? Object.keys(kind)[0] : textIn(kind)
  if (name !== undefined && Object.hasOwn(named, name)) return named[name]!
  if (isFields(kind) && name !== undefined && ofTheWay.has(name))
    return reasonOfStatus(numberIn(fieldsIn(kind[name])['httpStatusCode'])) ?? reasonInWords(textIn(error['message']))
  return reasonInWords(textIn(error['message']))
}

function reasonOfStatus(status: number | null): TurnReason | undefined {
  if (status === 401 || status === 403) return 'auth'
  return status === null || status === 408 || status === 429 || status >= 500 ? 'overloaded' : undefined
}

/** The end of a turn that an error made. Codex says the time of a usage limit in words only, in this machine's zone. */
export function endedBy(reason: TurnReason, text: string, now: number, resets: number | null = null): TurnEnd {
  return { reason, text, until: reason === 'limit' ? (resets ?? readResetTime(text, now)) : null }
}

const causes = { limit: 'limit', auth: 'auth', overloaded: 'overloaded' } as const

export const retryingAfter = (reason: TurnReason, text: string): AgentEvent => ({
  kind: 'retrying',
  cause: reason in causes ? causes[reason as keyof typeof causes] : 'server',
  delayMs: null,
  text,
})
