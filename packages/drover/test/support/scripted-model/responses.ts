import { randomUUID } from 'node:crypto'
import {
  type Answer,
  type Dialect,
  type Item,
  type Json,
  type Out,
  record,
  records,
  string,
  textOf,
  type Tool,
  userItems,
} from './conversation.ts'
import { refuseLikeOpenAi } from './openai.ts'

/** OpenAI Responses: Codex. */
export const responses: Dialect = {
  name: 'responses',
  path: /\/responses$/,
  asked: ({ body, headers }) => ({
    items: inputOf(body).flatMap(itemsOf),
    tools: [...toolsIn(body['tools']), ...inputOf(body).flatMap(laterTools)],
    model: string(body['model']),
    streams: body['stream'] === true,
    session: string(body['prompt_cache_key']) || string(headers['session_id']),
  }),
  async answer(out, answer, { body }) {
    const output = outputOf(answer)
    const { input, output: said } = answer.usage
    const usage = {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: said,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + said,
    }
    const response = { id: id('resp_'), object: 'response', created_at: Math.floor(Date.now() / 1000) }
    const done = { ...response, status: 'completed', model: body['model'], output, usage }
    if (body['stream'] !== true) return out.json(200, done)
    const events = numbered(out)
    events('response.created', { response: { ...done, status: 'in_progress', output: [], usage: null } })
    for (const [index, item] of output.entries()) await streamItem(events, index, item, out.pieces(answer))
    events('response.completed', { response: done })
    out.end()
  },
  begin: (out) => out.event('response.created', { type: 'response.created', response: { id: id('resp_') } }),
  refuse: refuseLikeOpenAi,
}

const id = (prefix: string): string => prefix + randomUUID().replaceAll('-', '').slice(0, 24)

function inputOf({ input }: Json): Json[] {
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : records(input)
}

function itemsOf(item: Json): Item[] {
  const type = string(item['type']) || 'message'
  const call = string(item['call_id'])
  if (type.endsWith('_call'))
    return [
      { kind: 'call', id: call, name: string(item['name']) || type, input: JSON.stringify(item['arguments'] ?? '') },
    ]
  if (type.endsWith('_call_output') || type === 'tool_search_output')
    return [{ kind: 'result', of: call, text: textOf(item['output']) }]
  if (type !== 'message') return []
  if (item['role'] === 'user') return userItems(textOf(item['content']))
  return item['role'] === 'assistant' ? [{ kind: 'assistant', text: textOf(item['content']) }] : []
}

function toolsIn(list: unknown, namespace?: string): Tool[] {
  return records(list).flatMap((tool) => {
    const name = string(tool['name']) || string(tool['type'])
    if (tool['type'] === 'namespace') return toolsIn(tool['tools'], name)
    return namespace === undefined ? { name } : { name, namespace }
  })
}

/** Tools that the client found when it was asked to search. */
const laterTools = (item: Json): Tool[] =>
  item['type'] === 'tool_search_output' || item['type'] === 'additional_tools' ? toolsIn(item['tools']) : []

function outputOf({ text, call }: Answer): Json[] {
  const output: Json[] = []
  if (text !== '')
    output.push({ type: 'message', id: id('msg_'), status: 'completed', role: 'assistant', content: [written(text)] })
  if (!call) return output
  const both = { id: id('fc_'), status: 'completed', call_id: id('call_') }
  if (call.isSearch)
    return [...output, { type: 'tool_search_call', ...both, execution: 'client', arguments: call.input }]
  const from = call.namespace === undefined ? {} : { namespace: call.namespace }
  return [
    ...output,
    { type: 'function_call', ...both, name: call.name, ...from, arguments: JSON.stringify(call.input) },
  ]
}

const written = (text: string) => ({ type: 'output_text', text, annotations: [] })

type Events = (type: string, more: object) => void

function numbered(out: Out): Events {
  let number = 0
  return (type, more) => out.event(type, { type, sequence_number: number++, ...more })
}

async function streamItem(events: Events, index: number, item: Json, pieces: AsyncIterable<string>): Promise<void> {
  const at = { item_id: item['id'], output_index: index }
  const empty = item['type'] === 'message' ? { content: [] } : { arguments: '' }
  events('response.output_item.added', { output_index: index, item: { ...item, ...empty, status: 'in_progress' } })
  if (item['type'] === 'message') {
    events('response.content_part.added', { ...at, content_index: 0, part: written('') })
    for await (const delta of pieces) events('response.output_text.delta', { ...at, content_index: 0, delta })
    events('response.output_text.done', { ...at, content_index: 0, text: record(records(item['content'])[0])['text'] })
    events('response.content_part.done', { ...at, content_index: 0, part: record(records(item['content'])[0]) })
  }
  if (item['type'] === 'function_call') {
    events('response.function_call_arguments.delta', { ...at, delta: item['arguments'] })
    events('response.function_call_arguments.done', { ...at, arguments: item['arguments'] })
  }
  events('response.output_item.done', { output_index: index, item })
}
