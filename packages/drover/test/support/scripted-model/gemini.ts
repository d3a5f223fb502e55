import { type Dialect, type Item, type Json, record, records, string, textOf, userItems } from './conversation.ts'

/** Google's Gemini, as its CLI asks it. */
export const gemini: Dialect = {
  name: 'gemini',
  path: /:(?:streamG|g)enerateContent$/,
  asked: ({ body, path }) => ({
    items: numberedCalls(records(body['contents']).flatMap(itemsOf)),
    tools: records(body['tools'])
      .flatMap((tool) => records(tool['functionDeclarations']))
      .map((tool) => ({ name: string(tool['name']) })),
    model: /models\/([^:]+)/.exec(path)?.[1] ?? '',
    streams: path.includes('stream'),
    session: '',
  }),
  async answer(out, answer, { body, path }) {
    const { call, usage } = answer
    const routes = record(body['generationConfig'])['responseMimeType'] === 'application/json'
    const text = routes ? JSON.stringify(routing) : answer.text
    const calls = call ? [{ functionCall: { name: call.name, args: call.input } }] : []
    if (!path.includes('stream')) return out.json(200, chunk([...(text ? [{ text }] : []), ...calls], 'STOP'))
    if (text !== '')
      for await (const piece of out.pieces({ ...answer, text })) out.event(null, chunk([{ text: piece }]))
    out.event(null, chunk(call ? calls : [{ text: '' }], 'STOP'))
    out.end()

    function chunk(parts: object[], finishReason?: string) {
      return {
        candidates: [{ content: { role: 'model', parts }, ...(finishReason ? { finishReason } : {}), index: 0 }],
        modelVersion: 'scripted',
        usageMetadata: {
          promptTokenCount: usage.input,
          candidatesTokenCount: usage.output,
          totalTokenCount: usage.input + usage.output,
        },
      }
    }
  },
  begin: (out) => out.event(null, { candidates: [{ content: { role: 'model', parts: [{ text: ' ' }] }, index: 0 }] }),
  refuse(refusal) {
    if (refusal.kind === 'limit')
      return refused(429, 'You exceeded your current quota.', [dayIsUsedUp, retryAt(refusal.until)])
    if (refusal.kind === 'toolong')
      return refused(400, 'The input token count exceeds the maximum number of tokens allowed.')
    return refused(refusal.status === 529 ? 503 : refusal.status, `scripted error ${refusal.status}`)
  },
}

/** The client asks which of its models fits, before it asks that one. */
const routing = {
  reasoning: 'scripted',
  model_choice: 'pro',
  complexity_reasoning: 'scripted',
  complexity_score: 50,
}

function itemsOf({ role, parts }: Json): Item[] {
  return records(parts).flatMap((part): Item[] => {
    const [call, response] = [record(part['functionCall']), record(part['functionResponse'])]
    if (part['functionCall'])
      return [{ kind: 'call', id: '', name: string(call['name']), input: JSON.stringify(call['args'] ?? {}) }]
    if (part['functionResponse']) return [{ kind: 'result', of: '', text: JSON.stringify(response['response']) }]
    if (part['thought'] === true) return []
    const text = textOf([part])
    return role === 'model' ? [{ kind: 'assistant', text }] : userItems(text)
  })
}

/** Calls and results have no ids that both sides keep, but they come in turn. A session that was loaded may tell a result twice. */
function numberedCalls(items: Item[]): Item[] {
  const open: string[] = []
  let last = -1
  return items.map((item) => {
    if (item.kind === 'call') open.push(String(++last))
    if (item.kind === 'call') return { ...item, id: String(last) }
    return item.kind === 'result' ? { ...item, of: open.shift() ?? String(last) } : item
  })
}

const dayIsUsedUp = {
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }],
}
const retryAt = (until: number) => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay: `${Math.max(1, Math.ceil((until - Date.now()) / 1000))}s`,
})

const statuses: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
}

const refused = (status: number, message: string, details: object[] = []) => ({
  status,
  headers: {},
  body: { error: { code: status, message, status: statuses[status] ?? 'INTERNAL', details } },
})
