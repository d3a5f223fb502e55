import type { Spec } from '../ports/driver.ts'
import { type Fields, fieldsIn, listIn, textIn } from './json.ts'
import { answer, methodNotFound, refuse, type RequestId } from './json-rpc.ts'

/**
 * Every request is answered, or the turn would wait for ever: nobody is here to be asked. With full permission all is allowed; without it drover's
 * own tools are. Whoever is only to look may also run commands, but not edit. Files and terminals were never offered.
 */
export function giveLeave(spec: Spec, id: RequestId, method: string, asked: Fields): string {
  if (method !== 'session/request_permission') return refuse(id, methodNotFound, `drover knows no ${method}`)
  const wanted = mayDo(spec, fieldsIn(asked['toolCall']))
    ? ['allow_always', 'allow_once']
    : ['reject_once', 'reject_always']
  const offered = listIn(asked['options']).map(fieldsIn)
  const chosen = wanted.flatMap((kind) => offered.filter((option) => option['kind'] === kind))[0]
  if (!chosen) return answer(id, { outcome: { outcome: 'cancelled' } })
  return answer(id, { outcome: { outcome: 'selected', optionId: chosen['optionId'] } })
}

const changes = new Set(['edit', 'delete', 'move'])
const runs = new Set([...changes, 'execute'])

function mayDo({ permission, readOnly }: Spec, call: Fields): boolean {
  const kind = textIn(call['kind'])
  if (readOnly) return !changes.has(kind)
  return (
    permission === 'full' ||
    (!runs.has(kind) &&
      /\bdrover\b/.test(`${textIn(call['title'])} ${textIn(call['toolCallId'])}`.replaceAll('_', ' ')))
  )
}
