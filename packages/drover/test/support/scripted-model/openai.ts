import type { Refusal, Refused } from './conversation.ts'

const kinds: Record<number, [type: string, message: string, code: string | null]> = {
  400: ['invalid_request_error', 'scripted error 400', null],
  401: ['invalid_request_error', 'Incorrect API key provided: dummy.', 'invalid_api_key'],
  429: ['rate_limit_exceeded', 'Rate limit reached for requests. Please try again in 1s.', 'rate_limit_exceeded'],
}

/** How both of OpenAI's interfaces say no. */
export function refuseLikeOpenAi(refusal: Refusal): Refused {
  if (refusal.kind === 'limit') return { status: 429, headers: {}, body: { error: limitReached(refusal.until) } }
  if (refusal.kind === 'toolong') return { status: 400, headers: {}, body: { error: tooLong } }
  const { status } = refusal
  const [type, message, code] = kinds[status] ?? ['server_error', `scripted error ${status}`, null]
  return { status, headers: {}, body: { error: { type, message, param: null, code } } }
}

const limitReached = (until: number) => ({
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  plan_type: 'plus',
  resets_at: Math.ceil(until / 1000),
  resets_in_seconds: Math.max(1, Math.ceil((until - Date.now()) / 1000)),
})

const tooLong = {
  type: 'invalid_request_error',
  message: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
  param: 'input',
  code: 'context_length_exceeded',
}
