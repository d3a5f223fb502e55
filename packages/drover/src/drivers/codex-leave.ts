import type { Spec } from '../ports/driver.ts'
import { mayAll, toolServer } from './codex-config.ts'
import { type Fields, fieldsIn } from './json.ts'
import { answer, methodNotFound, refuse, type RequestId } from './json-rpc.ts'

type Answer = (asked: Fields, may: boolean) => Fields

const decide: Answer = (_, may) => ({ decision: may ? 'accept' : 'decline' })

const answers: Readonly<Record<string, Answer>> = {
  'item/commandExecution/requestApproval': decide,
  'item/fileChange/requestApproval': decide,
  'item/permissions/requestApproval': ({ permissions }, may) => ({
    permissions: may ? withoutNulls(fieldsIn(permissions)) : {},
    scope: 'turn',
  }),
  'mcpServer/elicitation/request': (asked, may) => ({
    action: isToolCall(asked) && (may || asked['serverName'] === toolServer) ? 'accept' : 'decline',
    content: null,
    _meta: null,
  }),
  'item/tool/requestUserInput': () => ({ answers: {} }),
  'item/tool/call': () => ({ contentItems: [], success: false }),
}

/**
 * Every request is answered, or the turn would wait for ever. Nobody is here to be asked: what the permission gave is granted,
 * as are drover's own tools; all else is declined. Questions to a person stay unanswered: drover has a tool for those.
 */
export function giveLeave(spec: Spec, id: RequestId, method: string, asked: Fields): string {
  const known = Object.hasOwn(answers, method) ? answers[method] : undefined
  return known ? answer(id, known(asked, mayAll(spec))) : refuse(id, methodNotFound, `drover knows no ${method}`)
}

/** Codex asks for a tool call in the form in which a server asks for a person's words. */
const isToolCall = (asked: Fields): boolean => fieldsIn(asked['_meta'])['codex_approval_kind'] === 'mcp_tool_call'

const withoutNulls = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
