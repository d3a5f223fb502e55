import type { Talk, TurnEnd, TurnReason } from '../ports/driver.ts'
import { type Fields, listIn, numberIn, textIn } from './json.ts'
import { readResetTime } from './reset-time.ts'

/** What the turn had said before its result. */
interface Before {
  /** The kind of error that its last message names: `authentication_failed`, `rate_limit`, … */
  error: string
  /** When the limit that was reached is over. */
  limitUntil: number | null
  lastText: string
}

interface Told {
  terminal: string
  subtype: string
  isError: boolean
  status: number
  error: string
  text: string
}

/** Why the turn ended. `subtype` says "success" for most errors, and the exit code is 0 for some: neither is believed alone. */
export function endingOf(result: Fields, before: Before, now: number): TurnEnd {
  const text = textIn(result.result) || textIn(result.error) || listIn(result.errors).map(textIn).join('\n')
  const told: Told = {
    terminal: textIn(result.terminal_reason),
    subtype: textIn(result.subtype),
    isError: result.is_error === true,
    status: numberIn(result.api_error_status) ?? 0,
    error: `${textIn(result.api_error)} ${before.error}`,
    text,
  }
  const reason = rules.find(([, is]) => is(told))?.[0] ?? 'crashed'
  if (reason === 'interrupted') return { reason, text: before.lastText, until: null }
  const until = reason === 'limit' ? (before.limitUntil ?? readResetTime(text, now)) : null
  return { reason, text: text || before.lastText, until }
}

/** How a program ended that told no result; nothing where it only failed. */
export const endingWithoutResult: NonNullable<Talk['ended']> = ({ exitCode, signal, errors }) => {
  const reason = (['limit', 'auth', 'context'] as const).find((one) => said[one].test(errors))
  if (reason) return { reason, text: errors.trim(), until: null }
  // Claude Code obeys SIGINT while it waits for the model with exit code 0 and without a word.
  const wasAsked = exitCode === 0 || exitCode === 130 || exitCode === 143 || signal === 'SIGINT' || signal === 'SIGTERM'
  return wasAsked ? { reason: 'interrupted', text: errors.trim(), until: null } : undefined
}

/** Only of errors: an agent that works on a log-in page may say all of this. */
const said = {
  limit: /usage limit reached|\blimit reached\b|(?:hit|reached) your (?:[\w-]+ ){0,3}limit/i,
  auth: /not logged in|\/login\b|amp login|(?:invalid|missing) (?:\w+ )?api key|no api key|failed to authenticate|unauthorized|oauth token|credit balance|(?:out of|insufficient) credits?|organization has been disabled/i,
  context: /prompt is too long|context (?:window|limit|length)|maximum context/i,
  overloaded: /overloaded|timed out|timeout|connection (?:refused|reset|closed|error)|econn|enotfound|fetch failed/i,
}

/** The first that holds. */
const rules: readonly [TurnReason, (told: Told) => boolean][] = [
  ['interrupted', ({ terminal }) => terminal.startsWith('aborted')],
  ['max_turns', ({ terminal, subtype }) => terminal === 'max_turns' || subtype === 'error_max_turns'],
  ['budget', ({ terminal, subtype }) => terminal === 'budget_exhausted' || subtype === 'error_max_budget_usd'],
  ['done', ({ isError, subtype }) => !isError && !subtype.startsWith('error')],
  ['limit', ({ error, text }) => error.includes('usage_limit_reached') || said.limit.test(text)],
  ['context', ({ terminal, text }) => terminal === 'prompt_too_long' || said.context.test(text)],
  [
    'auth',
    ({ status, error, text }) => status === 401 || status === 403 || isAboutAccount(error) || said.auth.test(text),
  ],
  ['overloaded', ({ status, error, text }) => isTransient(status, error) || said.overloaded.test(text)],
]

const isAboutAccount = (error: string): boolean => /authentication|billing|oauth/.test(error)

/** After its own retries: the provider is full, out of order, or out of reach. A plain 429 is that too; a plan's limit has a name of its own. */
const isTransient = (status: number, error: string): boolean =>
  status === 408 || status === 429 || status >= 500 || /overloaded|server_error|rate_limit|connection/.test(error)
