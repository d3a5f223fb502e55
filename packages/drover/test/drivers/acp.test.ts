import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { acpDriver } from '../../src/drivers/acp.ts'
import { copilotDriver } from '../../src/drivers/copilot.ts'
import { geminiDriver } from '../../src/drivers/gemini.ts'
import type { AgentEvent, Driver, Spec, Talk } from '../../src/ports/driver.ts'
import { fold, inShort, linesOf, now, of, spec, tools } from './spec.ts'

const words = (path: string) => ({ path, args: [], env: {} })
const gemini = geminiDriver(words('gemini'))
const copilot = copilotDriver(words('copilot'))
const other = acpDriver('mine', { path: 'my-agent', args: ['--acp'], env: { KEY: '1' } })
const driverOf = (capture: string): Driver => (capture.startsWith('gemini') ? gemini : copilot)
const asking: Partial<Spec> = { permission: 'default' }
const resumed = { session: 'the-session' }

const rows: [capture: string, about: Partial<Spec>, expected: ReturnType<typeof inShort>][] = [
  [
    'gemini/basic',
    {},
    {
      session: 'c0136c0c-f56f-4cbc-9c48-de8ee6483bb7',
      texts: ['fin', 'second'],
      tools: Array(3).fill(['execute begins', 'execute ends']).flat(),
      turns: ['done', 'done'],
      used: [62324, 61, 0],
    },
  ],
  // The history that it tells anew is none of the turn.
  [
    'gemini/resume',
    resumed,
    {
      session: 'the-session',
      texts: ['second (hint: continue please)'],
      tools: [],
      turns: ['done'],
      used: [12735, 8, 0],
    },
  ],
  [
    'gemini/asking',
    asking,
    {
      session: 'c5413a23-56ab-4c23-b51a-4252c42a5bf3',
      texts: ['fin'],
      tools: ['other begins', 'other ends'],
      turns: ['done'],
      used: [36772, 33, 0],
    },
  ],
  [
    'gemini/interrupt',
    {},
    {
      session: '10f6eeb2-2172-4e1a-80e2-2cc7ba8148a8',
      texts: ['fin (hint: continue)'],
      tools: Array(3).fill(['execute begins', 'execute ends']).flat(),
      turns: ['interrupted', 'done'],
      used: [24951, 24, 0],
    },
  ],
  [
    'gemini/elimit',
    {},
    {
      session: 'bf089912-c060-4ae9-81b5-ebb1f65ccfc8',
      texts: [],
      tools: ['execute begins', 'execute ends'],
      turns: ['limit'],
      used: [0, 0, 0],
    },
  ],
  [
    'gemini/e401',
    {},
    {
      session: 'b388edb8-b583-410e-823b-2889e16ecefc',
      texts: [],
      tools: ['execute begins', 'execute ends'],
      turns: ['auth'],
      used: [0, 0, 0],
    },
  ],
  ['gemini/unknown', resumed, { session: null, texts: [], tools: [], turns: ['crashed'], used: [0, 0, 0] }],
  // Its counts are of the whole process: 41400 and then 51930.
  [
    'copilot/basic',
    {},
    {
      session: 'd0646e67-0ded-4fad-939e-a97d88fe3bf3',
      texts: ['Info: /home/dev/repo/b.txt', 'fin', 'second'],
      tools: ['edit begins', 'edit ends', ...Array(2).fill(['execute begins', 'execute ends']).flat()],
      turns: ['done', 'done'],
      used: [51930, 76, 0],
    },
  ],
  // A tool that was broken off is over, though nothing is told of it.
  [
    'copilot/interrupt',
    {},
    {
      session: '122ba18d-58ff-4d29-b2c3-bdcbb954f3e5',
      texts: ['fin (hint: <current_datetime>2026-11-21T17:57:34.342+00:00</current_datetime> continue)'],
      tools: Array(3).fill(['execute begins', 'execute ends']).flat(),
      turns: ['interrupted', 'done'],
      used: [41476, 89, 0],
    },
  ],
  [
    'copilot/e500',
    {},
    {
      session: 'fa2af77c-47ca-4112-a598-8de4b29bf169',
      texts: [
        'Error: Failed to get response from the AI model; retried 5 times (total retry wait time: 14.94 seconds) Last error: 500 scripted error 500',
      ],
      tools: ['execute begins', 'execute ends'],
      turns: ['overloaded'],
      used: [10202, 20, 0],
    },
  ],
]

for (const [capture, about, expected] of rows)
  test(`what ${capture} said is understood`, () => {
    const talk = driverOf(capture).talk({ ...spec, ...about })
    assert.deepEqual(inShort(fold(talk, linesOf(capture))), expected)
  })

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
const text = (words: string) => update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: words } })
const prompt = (id: string, words: string) => ({
  jsonrpc: '2.0',
  id,
  method: 'session/prompt',
  params: { sessionId: 's1', prompt: [{ type: 'text', text: words }] },
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

test('a session that was loaded gets its prompt when its history is told', () => {
  const talk = other.talk({ ...spec, session: 's1' })
  talk.open()
  assert.equal((answers(says(talk, hello))[0] as { method: string }).method, 'session/load')
  const asked = (n: number) => ({ jsonrpc: '2.0', id: `told/${n}`, method: '_drover/told', params: {} })
  const unknown = (n: number) => ({ id: `told/${n}`, error: { code: -32601, message: 'Method not found' } })
  assert.deepEqual(answers(says(talk, { id: 'session', result: {} })), [asked(1)])
  const old = says(talk, text('what I said before'), unknown(1))
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
  const end = says(talk, text('done so'), { id: 'prompt/2', result: { stopReason: 'end_turn' } })
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
  for (const [words, reason] of table) assert.equal(endOf(copilot, text(words), fine)?.reason, reason, words)
  assert.equal(endOf(copilot, text('Error: 500'), text('but then it went on'), fine)?.reason, 'done')
  assert.equal(endOf(other, text('Error: is what the log says'), fine)?.reason, 'done')
  const retrying = says(atWork(copilot), text('Info: Request failed due to a transient API error. Retrying...'))
  assert.equal(of(retrying, 'retrying').length, 1)
})

test('a text comes in pieces and is told as one', () => {
  const talk = atWork()
  const events = says(
    talk,
    text('one '),
    text('two'),
    update({ sessionUpdate: 'tool_call', toolCallId: 't', kind: 'read' }),
    text('three'),
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

test('a program that does not speak ACP is left to the fallback', () => {
  const words = { exitCode: 1, signal: null, errors: 'Unknown argument: acp\n' }
  assert.deepEqual(gemini.talk(spec).ended?.(words), {
    reason: 'unsupported',
    text: 'Unknown argument: acp',
    until: null,
  })
  assert.equal(atWork().ended?.(words), undefined)
  assert.deepEqual(gemini.fallback?.spawn(spec).args, ['-c', `'gemini' --yolo --skip-trust`])
})

test('Gemini is told its model and mode, and its session is kept from its own cleaning up', () => {
  assert.deepEqual(gemini.spawn({ ...spec, model: 'gemini-2.5-pro' }), {
    file: 'gemini',
    args: ['--acp', '--skip-trust', '--approval-mode', 'yolo', '--model', 'gemini-2.5-pro'],
    env: {},
    stdin: 'fifo',
  })
  assert.equal(gemini.spawn({ ...spec, permission: 'auto_edit' }).args[3], 'auto_edit')
  assert.equal(gemini.spawn({ ...spec, readOnly: true }).args[3], 'default')
  const launch = gemini.spawn({ ...spec, session: '12345678-$(x)' })
  assert.equal(launch.file, 'sh')
  assert.match(launch.args[1]!, /session-\*-12345678\.jsonl/)
  assert.deepEqual(launch.args.slice(2, 5), ['sh', 'gemini', '--acp'])
})

test('a session of Gemini can be loaded in the minute it began in, and again after that', () => {
  const home = mkdtempSync(join(tmpdir(), 'drover-gemini-'))
  try {
    const chats = join(home, '.gemini/tmp/repo/chats')
    mkdirSync(chats, { recursive: true })
    const head = '{"sessionId":"12345678-9"}\n'
    const write = (name: string, text: string) => writeFileSync(join(chats, name), text)
    write('session-2026-11-21T17-59-12345678.jsonl', `${head}{"id":"m1","type":"user"}\n`)
    write('session-2026-11-21T18-05-12345678.jsonl', head)
    write('session-2026-11-21T18-05-99999999.jsonl', head)
    const { file, args } = geminiDriver(words('true')).spawn({ ...spec, session: '12345678-9' })
    for (let times = 0; times < 2; times++)
      assert.equal(spawnSync(file, args, { env: { PATH: process.env['PATH'], HOME: home } }).status, 0)
    assert.deepEqual(readdirSync(chats).toSorted(), [
      'session-2000-01-01T00-00-12345678.jsonl',
      'session-2026-11-21T18-05-99999999.jsonl',
    ])
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('Copilot has drover’s tools in a file that only the attempt’s folder holds', () => {
  const launch = copilot.spawn({ ...spec, tools, model: 'm' })
  assert.deepEqual(launch, {
    file: 'copilot',
    args: [
      ...['--acp', '--no-auto-update', '--allow-all', '--model', 'm'],
      ...['--additional-mcp-config', '@/f/copilot-mcp.json', '--allow-tool', 'drover'],
    ],
    env: {},
    stdin: 'fifo',
    files: {
      'copilot-mcp.json': JSON.stringify({ mcpServers: { drover: { type: 'local', ...tools, tools: ['*'] } } }),
    },
  })
  const talk = copilot.talk({ ...spec, tools })
  talk.open()
  assert.deepEqual((answers(says(talk, hello))[0] as { params: object }).params, { cwd: '/w', mcpServers: [] })
  assert.ok(!copilot.spawn({ ...spec, readOnly: true }).args.includes('--allow-all'))
})

test('any other agent is run as the settings say', () => {
  assert.deepEqual(other.spawn(spec), { file: 'my-agent', args: ['--acp'], env: { KEY: '1' }, stdin: 'fifo' })
})

test('broken lines never throw, and never end a turn that has not ended', () => {
  for (const [capture, about, { turns }] of rows) {
    const lines = linesOf(capture)
    const read = (talk: Talk, line: string) => talk.read(line, now)
    fc.assert(
      fc.property(fc.nat(lines.length - 1), fc.nat(), fc.string({ unit: 'binary' }), (at, cut, noise) => {
        const line = lines[at]!
        const where = cut % (line.length + 1)
        const isEnd = (one: string) => /"(?:stopReason|error)":/.test(one)
        const before = [...lines.slice(0, at), line.slice(0, where), noise.replaceAll('\n', ' ')]
        const talk = driverOf(capture).talk({ ...spec, ...about })
        const seen = before.flatMap((one) => read(talk, one))
        assert.ok(of(seen, 'turn').length <= lines.slice(0, at).filter(isEnd).length + (where === line.length ? 1 : 0))
        assert.ok(of(seen, 'turn').length <= turns.length)
      }),
      { numRuns: 40 },
    )
  }
})

test('two objects on one line, words before one, and a line of ten million letters are read', () => {
  const talk = atWork()
  const one = JSON.stringify(text('half '))
  const two = JSON.stringify(text('and half'))
  assert.deepEqual(of(talk.read(`(node:1) Warning: x ${one}${two}`, now), 'text'), [])
  const long = JSON.stringify(text('x'.repeat(10_000_000)))
  talk.read(long, now)
  const [end] = of(says(talk, { id: 'prompt/1', result: { stopReason: 'end_turn' } }), 'turn')
  assert.equal(end?.end.text.length, 256 * 1024)
})
