import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acpDriver } from '../../src/drivers/acp.ts'
import { copilotDriver } from '../../src/drivers/copilot.ts'
import type { AgentEvent, Driver, Spec, Talk } from '../../src/ports/driver.ts'
import { fold, now, of, spec, tools } from './spec.ts'

const copilot = copilotDriver({ path: 'copilot', args: [], env: {} })
const other = acpDriver('mine', { path: 'my-agent', args: ['--acp'], env: { KEY: '1' } })
const asking: Partial<Spec> = { permission: 'default' }

/** Says the lines of a conversation to a talk and returns what it answers. */
const answers = (events: readonly AgentEvent[]): unknown[] =>
  of(events, 'reply')
    .flatMap(({ lines }) => lines)
    .map((line) => JSON.parse(line))

const says = (talk: Talk, ...messages: object[]) =>
  fold(
    talk,
    messages.map((message) => JSON.stringify({ jsonrpc: '2.0', ...message })),
  )

const hello = { id: 'initialize', result: { protocolVersion: 1, agentInfo: { version: '7' } } }
const opened = (more: object = {}) => ({ id: 'session', result: { sessionId: 's1', ...more } })
const update = (fields: object) => ({ method: 'session/update', params: { sessionId: 's1', update: fields } })
const piece = (text: string) => update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } })
const prompt = (id: string, text: string) => ({
  jsonrpc: '2.0',
  id,
  method: 'session/prompt',
  params: { sessionId: 's1', prompt: [{ type: 'text', text }] },
})
const cancel = '{"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s1"}}'

function atWork(driver: Driver = other, about: Partial<Spec> = {}): Talk {
  const talk = driver.talk({ ...spec, ...about })
  talk.open()
  says(talk, hello, opened())
  return talk
}

test('a conversation begins with a greeting, a session and the prompt', () => {
  const talk = other.talk({ ...spec, tools })
  assert.deepEqual(
    talk.open().map((line) => JSON.parse(line)),
    [
      {
        jsonrpc: '2.0',
        id: 'initialize',
        method: 'initialize',
        params: {
          protocolVersion: 1,
          clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
          clientInfo: { name: 'drover', title: 'Drover', version: '1' },
        },
      },
    ],
  )
  const server = {
    name: 'drover',
    command: '/usr/bin/drover',
    args: ['mcp'],
    env: [{ name: 'DROVER_TOKEN', value: 'secret' }],
  }
  assert.deepEqual(answers(says(talk, hello)), [
    { jsonrpc: '2.0', id: 'session', method: 'session/new', params: { cwd: '/w', mcpServers: [server] } },
  ])
  const events = says(talk, opened())
  assert.deepEqual(of(events, 'session'), [{ kind: 'session', session: 's1', model: null, version: '7' }])
  assert.deepEqual(answers(events), [prompt('prompt/1', 'Do it.')])
})

test('the mode that asks nothing and the model are set before the prompt, where they are offered', () => {
  const talk = other.talk({ ...spec, model: 'large' })
  talk.open()
  const modes = { currentModeId: 'default', availableModes: [{ id: 'default' }, { id: 'https://x#yolo' }] }
  const models = { currentModelId: 'small', availableModels: [{ modelId: 'small' }, { modelId: 'large' }] }
  const [mode] = answers(says(talk, hello, opened({ modes, models }))).slice(1)
  assert.deepEqual(mode, {
    jsonrpc: '2.0',
    id: 'mode',
    method: 'session/set_mode',
    params: { sessionId: 's1', modeId: 'https://x#yolo' },
  })
  const [model] = answers(says(talk, { id: 'mode', error: { code: -32603, message: 'no' } }))
  assert.deepEqual(model, {
    jsonrpc: '2.0',
    id: 'model',
    method: 'session/set_model',
    params: { sessionId: 's1', modelId: 'large' },
  })
  assert.deepEqual(answers(says(talk, { id: 'model', result: {} })), [prompt('prompt/1', 'Do it.')])
})

const asked = (n: number) => ({ jsonrpc: '2.0', id: `told/${n}`, method: '_drover/told', params: {} })
const unknown = (n: number) => ({ id: `told/${n}`, error: { code: -32601, message: 'Method not found' } })

test('a session that was loaded gets its prompt when its history is told', () => {
  const talk = other.talk({ ...spec, session: 's1' })
  talk.open()
  assert.equal((answers(says(talk, hello))[0] as { method: string }).method, 'session/load')
  assert.deepEqual(answers(says(talk, { id: 'session', result: {} })), [asked(1)])
  const old = says(talk, piece('what I said before'), unknown(1))
  assert.deepEqual(of(old, 'text'), [])
  assert.deepEqual(answers(old), [asked(2)])
  assert.deepEqual(answers(says(talk, unknown(2))), [prompt('prompt/1', 'Do it.')])
})

test('a hint ends the running turn and goes on with it', () => {
  const talk = atWork()
  assert.deepEqual(talk.say({ kind: 'hint', id: 'h1', text: 'use tabs' }), [cancel])
  assert.deepEqual(talk.say({ kind: 'hint', id: 'h2', text: 'and no semicolons' }), [])
  const events = says(talk, { id: 'prompt/1', result: { stopReason: 'cancelled' } })
  assert.deepEqual(answers(events), [prompt('prompt/2', 'use tabs\n\nand no semicolons')])
  assert.deepEqual(
    of(events, 'heard').map(({ hint }) => hint),
    ['h1', 'h2'],
  )
  assert.deepEqual(of(events, 'turn'), [])
  const end = says(talk, piece('done so'), { id: 'prompt/2', result: { stopReason: 'end_turn' } })
  assert.deepEqual(of(end, 'turn'), [{ kind: 'turn', end: { reason: 'done', text: 'done so', until: null } }])
})

test('a hint to a turn that fails is not heard', () => {
  const talk = atWork()
  talk.say({ kind: 'hint', id: 'h1', text: 'use tabs' })
  const events = says(talk, { id: 'prompt/1', error: { code: 401, message: 'who are you' } })
  assert.deepEqual(of(events, 'heard'), [])
  assert.deepEqual(
    of(events, 'turn').map(({ end }) => end.reason),
    ['auth'],
  )
})

test('an interrupt ends the turn, and the next prompt goes on in the session', () => {
  const talk = atWork()
  assert.equal(talk.say({ kind: 'prompt', text: 'next' }), undefined)
  assert.deepEqual(talk.say({ kind: 'interrupt' }), [cancel])
  const events = says(talk, { id: 'prompt/1', result: { stopReason: 'cancelled' } })
  assert.deepEqual(
    of(events, 'turn').map(({ end }) => end.reason),
    ['interrupted'],
  )
  assert.equal(talk.say({ kind: 'interrupt' }), undefined)
  assert.equal(talk.say({ kind: 'hint', id: 'h', text: 'late' }), undefined)
  assert.deepEqual(talk.say({ kind: 'prompt', text: 'go on' }), [JSON.stringify(prompt('prompt/2', 'go on'))])
})

test('before there is a session nothing can be said', () => {
  const talk = other.talk(spec)
  talk.open()
  for (const intent of [
    { kind: 'interrupt' },
    { kind: 'prompt', text: 'x' },
    { kind: 'hint', id: 'h', text: 'x' },
  ] as const)
    assert.equal(talk.say(intent), undefined)
})

const options = ['allow_once', 'allow_always', 'reject_once'].map((kind) => ({ optionId: `id of ${kind}`, kind }))
const mayIt = (about: Partial<Spec>, toolCall: object, offered: object[] = options): unknown => {
  const [answer] = answers(
    says(atWork(other, about), { id: 5, method: 'session/request_permission', params: { toolCall, options: offered } }),
  )
  const { id, result } = answer as { id: number; result: { outcome: { outcome: string; optionId?: string } } }
  assert.equal(id, 5)
  return result.outcome.optionId ?? result.outcome.outcome
}

test('leave is given as the permission says, and always for drover’s own tools', () => {
  const shell = { kind: 'execute', title: 'drover is only named here' }
  const edit = { kind: 'edit', title: 'Create file' }
  const own = { kind: 'other', title: 'report (drover MCP Server)' }
  const named = { kind: 'other', title: 'report', toolCallId: 'mcp_drover_report__1' }
  assert.equal(mayIt({}, shell), 'id of allow_always')
  assert.equal(mayIt({}, shell, [options[0]!]), 'id of allow_once')
  assert.equal(mayIt({}, shell, []), 'cancelled')
  for (const call of [shell, edit]) assert.equal(mayIt(asking, call), 'id of reject_once')
  for (const call of [own, named]) assert.equal(mayIt(asking, call), 'id of allow_always')
  assert.equal(mayIt({ readOnly: true }, edit), 'id of reject_once')
  for (const call of [shell, own]) assert.equal(mayIt({ readOnly: true }, call), 'id of allow_always')
})

test('files and terminals are refused: they were never offered', () => {
  const [answer] = answers(says(atWork(), { id: 'x', method: 'fs/read_text_file', params: { path: '/etc/passwd' } }))
  assert.deepEqual(answer, {
    jsonrpc: '2.0',
    id: 'x',
    error: { code: -32601, message: 'drover knows no fs/read_text_file' },
  })
})

const endOf = (driver: Driver, ...messages: object[]) => of(says(atWork(driver), ...messages), 'turn')[0]?.end
const failed = (code: number, message: string, data = {}) =>
  endOf(other, { id: 'prompt/1', error: { code, message, data } })

test('the reason of an end is read from what was said', () => {
  const stops = {
    end_turn: 'done',
    cancelled: 'interrupted',
    max_tokens: 'context',
    max_turn_requests: 'max_turns',
    refusal: 'crashed',
  }
  for (const [stopReason, reason] of Object.entries(stops))
    assert.equal(endOf(other, { id: 'prompt/1', result: { stopReason } })?.reason, reason)
  assert.equal(failed(429, 'You have exhausted your daily quota on this model.')?.reason, 'limit')
  assert.equal(failed(429, '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}')?.reason, 'overloaded')
  assert.deepEqual(failed(-32603, 'usage limit reached, try again in 2 hours'), {
    reason: 'limit',
    text: 'usage limit reached, try again in 2 hours',
    until: now + 2 * 3_600_000,
  })
  assert.equal(failed(-32603, 'Internal error', { errorKind: 'rate_limit' })?.reason, 'limit')
  assert.equal(failed(-32000, 'Authentication required')?.reason, 'auth')
  assert.equal(failed(500, 'terminated')?.reason, 'overloaded')
  assert.equal(failed(-32603, 'prompt is too long')?.reason, 'context')
  assert.equal(failed(-32603, 'who knows')?.reason, 'crashed')
})

test('Copilot ends a turn that failed as if it had gone well, with its error as the last words', () => {
  const fine = { id: 'prompt/1', result: { stopReason: 'end_turn' } }
  const retried =
    'Error: Failed to get response from the AI model; retried 5 times (total retry wait time: 56.52 seconds) Last error: '
  const table: [string, string][] = [
    [`${retried}429 The usage limit has been reached`, 'limit'],
    [`${retried}529 scripted error 529`, 'overloaded'],
    ['Error: Authentication failed with provider at http://127.0.0.1:1/v1 (HTTP 401).', 'auth'],
    ['Error: The provider rejected the prompt as too long, but automatic recovery could not reduce it.', 'context'],
    ['Error: 400 scripted bad request', 'crashed'],
  ]
  for (const [words, reason] of table) assert.equal(endOf(copilot, piece(words), fine)?.reason, reason, words)
  assert.equal(endOf(copilot, piece('Error: 500'), piece('but then it went on'), fine)?.reason, 'done')
  assert.equal(endOf(other, piece('Error: is what the log says'), fine)?.reason, 'done')
  const retrying = says(atWork(copilot), piece('Info: Request failed due to a transient API error. Retrying...'))
  assert.equal(of(retrying, 'retrying').length, 1)
})

test('a text comes in pieces and is told as one', () => {
  const talk = atWork()
  const events = says(
    talk,
    piece('one '),
    piece('two'),
    update({ sessionUpdate: 'tool_call', toolCallId: 't', kind: 'read' }),
    piece('three'),
  )
  assert.deepEqual(
    of(events, 'text').map((event) => event.text),
    ['one two'],
  )
})

test('what a session cost is told of the whole session', () => {
  const events = says(
    atWork(),
    update({ sessionUpdate: 'usage_update', used: 5, size: 9, cost: { amount: 0.25, currency: 'USD' } }),
  )
  assert.deepEqual(of(events, 'usage'), [{ kind: 'usage', added: {}, total: { costUsd: 0.25 } }])
})

test('two objects on one line, words before one, and a line of ten million letters are read', () => {
  const talk = atWork()
  const one = JSON.stringify(piece('half '))
  const two = JSON.stringify(piece('and half'))
  assert.deepEqual(of(talk.read(`(node:1) Warning: x ${one}${two}`, now), 'text'), [])
  const long = JSON.stringify(piece('x'.repeat(10_000_000)))
  talk.read(long, now)
  const [end] = of(says(talk, { id: 'prompt/1', result: { stopReason: 'end_turn' } }), 'turn')
  assert.equal(end?.end.text.length, 256 * 1024)
})
