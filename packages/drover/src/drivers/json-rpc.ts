import { type Fields, fieldsIn, numberIn, objectsIn, textIn } from './json.ts'

export type RequestId = string | number

/** What the other side of a JSON-RPC conversation said. */
export type Message =
  | { kind: 'request'; id: RequestId; method: string; params: Fields }
  | { kind: 'notice'; method: string; params: Fields }
  | { kind: 'result'; id: RequestId; result: Fields }
  | { kind: 'refusal'; id: RequestId; code: number | null; text: string; more: Fields }

export const methodNotFound = -32601

/** The messages of a line, usually one: see `objectsIn`. What is no message is left out. */
export function messagesIn(line: string): Message[] {
  return objectsIn(line).flatMap((object) => messageOf(object) ?? [])
}

function messageOf(object: Fields): Message | undefined {
  const { id, method, result, error } = object
  const params = fieldsIn(object['params'])
  const known = typeof id === 'string' || typeof id === 'number'
  if (typeof method === 'string')
    return known ? { kind: 'request', id, method, params } : { kind: 'notice', method, params }
  if (!known) return undefined
  if (error !== undefined && error !== null) return refusalOf(id, fieldsIn(error))
  return result === undefined ? undefined : { kind: 'result', id, result: fieldsIn(result) }
}

const refusalOf = (id: RequestId, error: Fields): Message => ({
  kind: 'refusal',
  id,
  code: numberIn(error['code']),
  text: textIn(error['message']),
  more: fieldsIn(error['data']),
})

/** A line that asks for something. Ids are words that say what was asked, so that an answer explains itself. */
export const ask = (id: RequestId, method: string, params: Fields): string => line({ id, method, params })
/** A line that says something and wants no answer. */
export const tell = (method: string, params?: Fields): string => line({ method, ...(params && { params }) })
export const answer = (id: RequestId, result: Fields): string => line({ id, result })
export const refuse = (id: RequestId, code: number, message: string): string => line({ id, error: { code, message } })

const line = (message: Fields): string => JSON.stringify({ jsonrpc: '2.0', ...message })
