import type { Spec, ToolServer } from '../ports/driver.ts'
import { type Fields, fieldsIn, listIn, textIn } from './json.ts'
import { ask } from './json-rpc.ts'

/** What is said first. No abilities of ours are named, so no files and terminals are asked of us. */
export const greeting = (): string =>
  ask('initialize', 'initialize', {
    protocolVersion: 1,
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: 'drover', title: 'Drover', version: '1' },
  })

/** Goes on in the session that the attempt has, or opens a new one. */
export function openSession(spec: Spec, ignoresServers: boolean): string {
  const place = { cwd: spec.worktree, mcpServers: spec.tools && !ignoresServers ? [server(spec.tools)] : [] }
  return spec.session === null
    ? ask('session', 'session/new', place)
    : ask('session', 'session/load', { ...place, sessionId: spec.session })
}

const server = ({ command, args, env }: ToolServer): Fields => ({
  name: 'drover',
  command,
  args,
  env: Object.entries(env).map(([name, value]) => ({ name, value })),
})

/** Names of the mode in which an agent asks nothing. */
const asksNothing = ['yolo', 'bypassPermissions', 'agent-full-access', 'full-access', 'allow-all', 'dontAsk']

/** What is set before the first prompt, one after the other: the mode and the model, where the session offers them. */
export function wishes(spec: Spec, session: string, opened: Fields): { id: string; line: string }[] {
  const mode = modeFor(spec, fieldsIn(opened['modes']))
  const model = modelFor(spec, fieldsIn(opened['models']))
  return [
    ...(mode === undefined ? [] : [wish('mode', 'session/set_mode', { sessionId: session, modeId: mode })]),
    ...(model === undefined ? [] : [wish('model', 'session/set_model', { sessionId: session, modelId: model })]),
  ]
}

const wish = (id: string, method: string, params: Fields) => ({ id, line: ask(id, method, params) })

function modeFor({ permission, readOnly }: Spec, modes: Fields): string | undefined {
  const names = permission === 'full' ? asksNothing : [permission]
  const offered = listIn(modes['availableModes']).map((mode) => textIn(fieldsIn(mode)['id']))
  // Ids may be addresses that end in the name.
  const found = readOnly
    ? undefined
    : names.flatMap((name) => offered.filter((id) => id === name || id.endsWith(`#${name}`)))[0]
  return found === modes['currentModeId'] ? undefined : found
}

function modelFor({ model }: Spec, models: Fields): string | undefined {
  const offered = listIn(models['availableModels']).map((one) => fieldsIn(one)['modelId'])
  return model !== null && model !== models['currentModelId'] && offered.includes(model) ? model : undefined
}
