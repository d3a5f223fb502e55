import { randomUUID } from 'node:crypto'
import { type Dialect, type Item, type Json, record, records, string, textOf, userItems } from './conversation.ts'
import { refuseLikeOpenAi } from './openai.ts'

/** OpenAI Chat Completions: OpenCode, Copilot with a provider of its user's, and most others. */
export const chat: Dialect = {
  name: 'chat',
  path: /\/chat\/completions$/,
  asked: ({ body, headers }) => ({
    items: records(body['messages']).flatMap(itemsOf),
    tools: records(body['tools']).map((tool) => ({
      name: string(record(tool['function'])['name']) || string(tool['name']),
    })),
    model: string(body['model']),
    streams: body['stream'] === true,
    session: string(headers['x-session-affinity']) || string(headers['x-session-id']),
  }),
  async answer(out, answer, { body }) {
    const { text, call } = answer
    const calls = call
      ? [
          {
            index: 0,
            id: id('call_'),
            type: 'function',
            function: { name: call.name, arguments: JSON.stringify(call.input) },
          },
        ]
      : undefined
    const finish = calls ? 'tool_calls' : 'stop'
    const usage = {
      prompt_tokens: answer.usage.input,
      completion_tokens: answer.usage.output,
      total_tokens: answer.usage.input + answer.usage.output,
    }
    const both = { id: id('chatcmpl-'), created: Math.floor(Date.now() / 1000), model: body['model'] }
    const message = { role: 'assistant', content: text || null, tool_calls: calls }
    if (body['stream'] !== true)
      return out.json(200, {
        ...both,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: finish }],
        usage,
      })
    chunk({ role: 'assistant', content: '' })
    if (text !== '') for await (const piece of out.pieces(answer)) chunk({ content: piece })
    if (calls) chunk({ tool_calls: calls })
    chunk({}, finish)
    out.event(null, { ...both, object: 'chat.completion.chunk', choices: [], usage })
    out.end('data: [DONE]\n\n')

    function chunk(delta: object, finish_reason: string | null = null): void {
      out.event(null, { ...both, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })
    }
  },
  begin: (out) =>
    out.event(null, {
      id: id('chatcmpl-'),
      object: 'chat.completion.chunk',
      created: 1,
      model: 'scripted',
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
    }),
  refuse(refusal) {
    const refused = refuseLikeOpenAi(refusal)
    if (refusal.kind !== 'limit') return refused
    const seconds = Math.max(1, Math.ceil((refusal.until - Date.now()) / 1000))
    return { ...refused, headers: { ...refused.headers, 'retry-after': String(seconds) } }
  },
}

const id = (prefix: string): string => prefix + randomUUID().replaceAll('-', '').slice(0, 24)

function itemsOf(message: Json): Item[] {
  const text = textOf(message['content'])
  if (message['role'] === 'user') return userItems(text)
  if (message['role'] === 'tool') return [{ kind: 'result', of: string(message['tool_call_id']), text }]
  if (message['role'] !== 'assistant') return []
  const calls = records(message['tool_calls']).map((call) => ({
    kind: 'call' as const,
    id: string(call['id']),
    name: string(record(call['function'])['name']),
    input: string(record(call['function'])['arguments']),
  }))
  return text === '' ? calls : [{ kind: 'assistant', text }, ...calls]
}
