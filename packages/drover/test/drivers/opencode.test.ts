import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opencodeDriver } from '../../src/drivers/opencode.ts'
import type { Spec, Talk } from '../../src/ports/driver.ts'
import { fold, inShort, linesOf, now, of, spec, tearApart, tools, whole } from './spec.ts'

const words = { path: 'opencode', args: [], env: { KEY: '1' }, self: ['/usr/bin/node', 'drover.js'] }
const driver = opencodeDriver(words)
const bash = (times: number) => whole(...Array.from({ length: times }, () => 'bash'))

const table: Record<string, ReturnType<typeof inShort>> = {
  'opencode/basic': {
    session: 'ses_e00b231c8ffeWVeSh9gjhcDLOD',
    texts: ['fin', 'second'],
    tools: ['write begins', 'write ends', ...bash(2)],
    turns: ['done', 'done'],
    used: [39279, 76, 0.039431],
  },
  'opencode/hint': {
    session: 'ses_e00b33a21ffeJaOO2xz5PWbqi5',
    texts: ['fin (hint: use tabs)'],
    tools: bash(3),
    turns: ['done'],
    used: [31309, 69, 0.031447],
  },
  // The end of the first turn is told again when the second was asked for.
  'opencode/interrupt': {
    session: 'ses_e00b1cfd3ffeS46cBUSPDvAn4c',
    texts: ['fin (hint: continue)'],
    tools: bash(3),
    turns: ['interrupted', 'done'],
    used: [23571, 49, 0.023669],
  },
  'opencode/kill': {
    session: 'ses_e00b16874ffeZEC88FhZWf1zA2',
    texts: [],
    tools: [...bash(1), 'bash begins'],
    turns: [],
    used: [7714, 20, 0.007754],
  },
  'opencode/resume': {
    session: 'ses_e00b3822bffeqcM6hgmd6ZTq9R',
    texts: ['fin (hint: continue please)'],
    tools: [],
    turns: ['done'],
    used: [7966, 8, 0.007982],
  },
  'opencode/tools': {
    session: 'ses_e00b02af1ffeguQ31zETClQwHb',
    texts: ['fin'],
    tools: ['drover_report begins', 'drover_report ends'],
    turns: ['done'],
    used: [15564, 15, 0.015594],
  },
  // A turn that could not begin is never told to be idle.
  'opencode/no-agent': {
    session: 'ses_e00affea6fferA0ftcTo44nRTp',
    texts: [],
    tools: [],
    turns: ['crashed'],
    used: [0, 0, 0],
  },
  'opencode/unknown': { session: null, texts: [], tools: [], turns: ['crashed'], used: [0, 0, 0] },
  'opencode/e401': {
    session: 'ses_e00ac4d30ffexQhk4MKWByzR9o',
    texts: [],
    tools: bash(1),
    turns: ['auth'],
    used: [7702, 20, 0.007742],
  },
  'opencode/e429x2retry1': {
    session: 'ses_e00ab2ad1ffeFsgT39IJruyPgQ',
    texts: ['fin'],
    tools: bash(1),
    turns: ['done'],
    used: [15483, 22, 0.015527],
  },
}

for (const [capture, expected] of Object.entries(table))
  test(`what ${capture} said is understood`, () =>
    assert.deepEqual(inShort(fold(driver.talk(spec), linesOf(capture))), expected))

test('the hint that was heard is named', () => {
  const heard = of(fold(driver.talk(spec), linesOf('opencode/hint')), 'heard')
  assert.deepEqual(heard, [{ kind: 'heard', hint: 'h1' }])
})

const says = (talk: Talk, ...lines: object[]) =>
  fold(
    talk,
    lines.map((line) => JSON.stringify(line)),
  )
const event = (type: string, properties: object, sessionID = 'ses_1') => ({
  bridge: 'event',
  event: { type, properties: { sessionID, ...properties } },
})
const status = (type: string, more: object = {}) => event('session.status', { status: { type, ...more } })
const failed = (name: string, data: object) => event('session.error', { error: { name, data } })
const step = event('message.part.updated', {
  part: { type: 'step-finish', cost: 0.5, tokens: { input: 10, output: 2, cache: { read: 5, write: 3 } } },
})
const idle = status('idle')

function atWork(): Talk {
  const talk = driver.talk(spec)
  says(talk, { bridge: 'ready', version: '1' }, { bridge: 'session', session: 'ses_1' }, status('busy'))
  return talk
}
const endsOf = (...lines: object[]) => of(says(atWork(), ...lines), 'turn').map(({ end }) => end)

test('the bridge is started by drover itself, with everything it is to do in a file', () => {
  const { files, ...launch } = driver.spawn({ ...spec, model: 'openrouter/some/model', tools })
  assert.deepEqual(launch, {
    file: '/usr/bin/node',
    args: ['drover.js', 'opencode-bridge', '/f/opencode.json'],
    env: { OPENCODE_DISABLE_AUTOUPDATE: '1', KEY: '1' },
    stdin: 'fifo',
  })
  assert.deepEqual(JSON.parse(files?.['opencode.json'] ?? ''), {
    command: ['opencode'],
    session: null,
    prompt: 'Do it.',
    perhaps: [],
    model: { providerID: 'openrouter', modelID: 'some/model' },
    agent: null,
    config: {
      permission: { '*': 'allow', 'drover_*': 'allow', question: 'deny' },
      mcp: {
        drover: {
          type: 'local',
          command: ['/usr/bin/drover', 'mcp'],
          environment: tools.env,
          enabled: true,
          timeout: 600_000,
        },
      },
    },
    rules: ['*', 'drover_*', 'question'].map((permission) => ({
      permission,
      pattern: '*',
      action: permission === 'question' ? 'deny' : 'allow',
    })),
    answer: 'once',
  })
  assert.deepEqual(driver.talk(spec).open(), [])
})

const openingOf = (about: Partial<Spec>) =>
  JSON.parse(driver.spawn({ ...spec, ...about }).files?.['opencode.json'] ?? '')

test('who may not do everything is told so', () => {
  const research = openingOf({ readOnly: true })
  assert.equal(research.answer, 'reject')
  assert.deepEqual(research.config.permission, { edit: 'deny', 'drover_*': 'allow', question: 'deny' })
  assert.deepEqual(openingOf({ permission: 'ask' }).config.permission['*'], 'ask')
  assert.equal(openingOf({ permission: 'plan' }).agent, 'plan')
})

test('where drover cannot start itself, one prompt is run at a time', () => {
  assert.equal(opencodeDriver({ path: 'opencode', args: [], env: {} }).abilities.hint, 'none')
  assert.equal(driver.abilities.hint, 'steer')
  assert.equal(driver.fallback?.abilities.hint, 'none')
})

test('each intent is one line, said when it can be', () => {
  const talk = driver.talk(spec)
  const hint = { kind: 'hint', id: 'h1', text: 'use tabs' } as const
  assert.equal(talk.say(hint), undefined)
  says(talk, { bridge: 'ready', version: '1' }, { bridge: 'session', session: 'ses_1' }, status('busy'))
  assert.deepEqual(talk.say(hint), ['{"do":"hint","id":"h1","text":"use tabs"}'])
  assert.deepEqual(talk.say({ kind: 'interrupt' }), ['{"do":"interrupt"}'])
  assert.equal(talk.say({ kind: 'prompt', text: 'next' }), undefined)
  says(talk, idle)
  assert.equal(talk.say(hint), undefined)
  assert.equal(talk.say({ kind: 'interrupt' }), undefined)
  assert.deepEqual(talk.say({ kind: 'prompt', text: 'next' }), ['{"do":"prompt","text":"next"}'])
  assert.deepEqual(of(says(talk, idle, status('busy'), idle), 'turn').length, 1)
})

const retryOf = (message: string, more = {}) =>
  says(atWork(), status('retry', { attempt: 1, message, next: now + 5000, ...more }))[0]

test('a limit that is waited for is told, with the time of the next try, or the one in its words', () => {
  assert.deepEqual(retryOf('The usage limit has been reached'), {
    kind: 'limit',
    reached: true,
    until: now + 5000,
    text: 'The usage limit has been reached',
  })
  assert.deepEqual(retryOf('Free usage exceeded, try again in 3 hours'), {
    kind: 'limit',
    reached: true,
    until: now + 3 * 3_600_000,
    text: 'Free usage exceeded, try again in 3 hours',
  })
  assert.equal(retryOf('Wait.', { action: { reason: 'account_rate_limit' } })?.kind, 'limit')
  assert.deepEqual(retryOf('Provider is overloaded'), {
    kind: 'retrying',
    cause: 'overloaded',
    delayMs: 5000,
    text: 'Provider is overloaded',
  })
})

test('who is told to wait for seconds is only too fast: that is no limit of the account', () => {
  const said = 'Rate limit reached for requests. Please try again in 1s.'
  assert.equal(retryOf(said)?.kind, 'retrying')
  assert.equal(retryOf(said.replace('1s', '90s'))?.kind, 'limit')
  assert.equal(reason('APIError', { message: said, statusCode: 429 }), 'overloaded')
  assert.equal(reason('APIError', { message: said.replace('1s', '20m'), statusCode: 429 }), 'limit')
})

test('a turn that is interrupted while it waits for a limit ended by that limit', () => {
  const retry = status('retry', { attempt: 1, message: 'quota', next: now + 60_000 })
  const stop = { bridge: 'interrupting' }
  assert.deepEqual(endsOf(retry, stop, idle), [{ reason: 'limit', until: now + 60_000, text: 'quota' }])
  assert.equal(endsOf(retry, step, stop, idle)[0]?.reason, 'interrupted')
  assert.equal(endsOf(stop, idle)[0]?.reason, 'interrupted')
  assert.equal(endsOf(stop, failed('MessageAbortedError', { message: 'Aborted' }), idle)[0]?.reason, 'interrupted')
})

const reason = (name: string, data: object, ...after: object[]) => endsOf(failed(name, data), ...after, idle)[0]?.reason

test('the reason of an end is the last error, if nothing came after it', () => {
  assert.equal(reason('ProviderAuthError', { message: 'no key' }), 'auth')
  assert.equal(reason('APIError', { message: 'no', statusCode: 403 }), 'auth')
  assert.equal(reason('APIError', { message: 'quota exceeded', statusCode: 429 }), 'limit')
  assert.equal(reason('APIError', { message: 'busy', statusCode: 503 }), 'overloaded')
  assert.equal(reason('APIError', { message: 'bad request', statusCode: 400 }), 'crashed')
  assert.equal(reason('ContextOverflowError', { message: 'full' }), 'context')
  assert.equal(reason('ContextOverflowError', { message: 'full' }, step), 'done')
})

test('tokens from the cache are tokens too', () => {
  assert.deepEqual(of(says(atWork(), step), 'usage'), [
    { kind: 'usage', added: { inputTokens: 18, cachedInputTokens: 5, outputTokens: 2, costUsd: 0.5 }, total: {} },
  ])
})

test('what an agent says that it started costs, and says nothing else', () => {
  const part = { type: 'step-finish', cost: 1, tokens: { input: 1, output: 1 } }
  const child = [
    event('message.updated', { info: { id: 'm', role: 'assistant' } }, 'ses_2'),
    event('message.part.updated', { part: { type: 'text', messageID: 'm', text: 'child' } }, 'ses_2'),
    event('message.part.updated', { part }, 'ses_2'),
    event('session.error', { error: { name: 'UnknownError' } }, 'ses_2'),
    event('session.idle', {}, 'ses_2'),
  ]
  const events = says(atWork(), ...child)
  assert.deepEqual([of(events, 'usage').length, of(events, 'text').length, of(events, 'turn').length], [1, 0, 0])
  assert.equal(of(says(atWork(), ...child, idle), 'turn')[0]?.end.reason, 'done')
})

test('a server that ends by itself crashed; one that never answered is left to the fallback', () => {
  const over = { bridge: 'over', exitCode: 1, signal: null, text: 'out of memory' }
  assert.deepEqual(endsOf(over), [{ reason: 'crashed', text: 'out of memory', until: null }])
  assert.deepEqual(endsOf(idle, over).length, 1)
  assert.equal(of(says(driver.talk(spec), over), 'turn')[0]?.end.reason, 'unsupported')
})

for (const capture of Object.keys(table))
  test(`broken lines of ${capture} never throw, and never end a turn that has not ended`, () =>
    tearApart(() => driver.talk(spec), capture))
