import { randomUUID } from 'node:crypto'
import { type Dialect, type Item, type Json, record, records, string, textOf, userItems } from './conversation.ts'

/** Anthropic Messages: Claude Code, and whatever speaks to it. */
export const anthropic: Dialect = {
  name: 'anthropic',
  path: /\/v1\/messages$/,
  asked: ({ body }) => ({
    items: records(body['messages']).flatMap(itemsOf),
    tools: toolsOf(body),
    model: string(body['model']),
    streams: body['stream'] === true,
    session: sessionOf(string(record(body['metadata'])['user_id'])),
  }),
  async answer(out, answer, { body }) {
    const { text, call, usage } = answer
    const stop = call ? 'tool_use' : 'end_turn'
    const begun = message(string(body['model']), usage.input, usage.output)
    const blocks = [
      ...(text === '' ? [] : [{ type: 'text', text }]),
      ...(call ? [{ type: 'tool_use', id: id('toolu_01'), name: call.name, input: call.input }] : []),
    ]
    if (body['stream'] !== true) return out.json(200, { ...begun, content: blocks, stop_reason: stop })
    event('message_start', { message: begun })
    for (const [index, block] of blocks.entries()) {
      const empty = 'input' in block ? { ...block, input: {} } : { ...block, text: '' }
      event('content_block_start', { index, content_block: empty })
      if ('input' in block) delta(index, { type: 'input_json_delta', partial_json: JSON.stringify(block.input) })
      else for await (const piece of out.pieces(answer)) delta(index, { type: 'text_delta', text: piece })
      event('content_block_stop', { index })
    }
    event('message_delta', {
      delta: { stop_reason: stop, stop_sequence: null },
      usage: { output_tokens: usage.output },
    })
    event('message_stop', {})
    out.end()

    function event(type: string, more: object): void {
      out.event(type, { type, ...more })
    }
    function delta(index: number, change: object): void {
      event('content_block_delta', { index, delta: change })
    }
  },
  begin: (out) => out.event('message_start', { type: 'message_start', message: message('scripted', 1, 1) }),
  refuse(refusal) {
    const headers = { 'request-id': id('req_01') }
    if (refusal.kind === 'toolong')
      return {
        status: 400,
        headers,
        body: failure('invalid_request_error', 'prompt is too long: 250000 tokens > 200000 maximum'),
      }
    if (refusal.kind === 'limit')
      return { status: 429, headers: { ...headers, ...limitHeaders(refusal.until) }, body: failed(429) }
    return { status: refusal.status, headers, body: failed(refusal.status) }
  },
}

const id = (prefix: string): string => prefix + randomUUID().replaceAll('-', '').slice(0, 24)

const message = (model: string, input: number, output: number) => ({
  id: id('msg_01'),
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: input, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: output },
})

/** Words that came in the middle of a turn reach the model in a message of the system's. */
const meanwhile =
  /The user sent a new message while you were working:\n([\s\S]*?)(?:\n\nThis is how|\n\nIMPORTANT:|<\/system-reminder>|$)/g

function itemsOf({ role, content }: Json): Item[] {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : records(content)
  if (role === 'assistant') return blocks.flatMap(saidOf)
  const results = blocks.flatMap((block) => (block['type'] === 'tool_result' ? [resultOf(block)] : []))
  const texts = blocks.flatMap((block) => (block['type'] === 'text' ? [string(block['text'])] : []))
  const steered = [...texts, ...results.map(({ text }) => text)].flatMap((text) => [...text.matchAll(meanwhile)])
  const heard = steered.flatMap(([, words = '']) => userItems(words))
  if (role !== 'user') return heard
  return [...results, ...heard, ...texts.filter((text) => !text.match(meanwhile)).flatMap(userItems)]
}

const resultOf = (block: Json) => ({
  kind: 'result' as const,
  of: string(block['tool_use_id']),
  text: textOf(block['content']),
})

function saidOf(block: Json): Item[] {
  if (block['type'] === 'tool_use')
    return [
      { kind: 'call', id: string(block['id']), name: string(block['name']), input: JSON.stringify(block['input']) },
    ]
  return block['type'] === 'text' ? [{ kind: 'assistant', text: string(block['text']) }] : []
}

/** A deferred tool is offered when its name came back from a search. */
function toolsOf(body: Json): { name: string }[] {
  const found = JSON.stringify(body['messages'] ?? [])
  return records(body['tools'])
    .map((tool) => ({ name: string(tool['name']), deferred: tool['defer_loading'] === true }))
    .filter(({ name, deferred }) => !deferred || found.includes(`"tool_name":"${name}"`))
    .map(({ name }) => ({ name }))
}

const sessionOf = (user: string): string =>
  /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?!.*-[0-9a-f]{12})/.exec(user)?.[0] ?? user

const kinds: Record<number, [type: string, message: string]> = {
  400: ['invalid_request_error', 'scripted error 400'],
  401: ['authentication_error', 'invalid x-api-key'],
  403: ['permission_error', 'scripted error 403'],
  404: ['not_found_error', 'scripted error 404'],
  429: ['rate_limit_error', 'This request would exceed your account’s rate limit. Please try again later.'],
  529: ['overloaded_error', 'Overloaded'],
}

const failed = (status: number) => failure(...(kinds[status] ?? ['api_error', `scripted error ${status}`]))

const failure = (type: string, words: string) => ({ type: 'error', error: { type, message: words } })

/** What the client reads a subscription's limit from: the five hours are used up. */
function limitHeaders(until: number): Record<string, string> {
  const reset = String(Math.ceil(until / 1000))
  return {
    'anthropic-ratelimit-unified-status': 'rejected',
    'anthropic-ratelimit-unified-reset': reset,
    'anthropic-ratelimit-unified-representative-claim': 'five_hour',
    'anthropic-ratelimit-unified-5h-status': 'rejected',
    'anthropic-ratelimit-unified-5h-reset': reset,
    'anthropic-ratelimit-unified-5h-utilization': '1.0',
    'anthropic-ratelimit-unified-overage-status': 'rejected',
    'x-should-retry': 'false',
    'retry-after': String(Math.max(1, Math.ceil((until - Date.now()) / 1000))),
  }
}
