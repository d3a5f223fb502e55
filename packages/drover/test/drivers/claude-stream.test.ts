import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claudeDriver } from '../../src/drivers/claude.ts'
import type { AgentEvent, TurnReason } from '../../src/ports/driver.ts'
import { addedIn, capturesOf, endsOf, fold, ofKind } from './fold.ts'

const driver = claudeDriver({ path: 'claude', args: [], env: {} })
const captures = capturesOf('claude')
const linesOf = (name: string): string[] => captures[name] ?? assert.fail(`there is no capture ${name}`)
const readCapture = (name: string): AgentEvent[] => fold(driver, linesOf(name))

const ends: Record<string, [reason: TurnReason, words: string][]> = {
  'run-basic': [['done', 'All finished']],
  'mcp-nosearch': [['done', 'fin']],
  hooks: [['done', 'fin (hint: Stop hook feedback: HINT: tests not run yet)']],
  partial: [['done', 'chunk 0 chunk 1 chunk 2 fin']],
  'perm-dontask': [['done', 'fin']],
  resumed: [['done', 'first turn']],
  hint: [['done', 'fin (hint: prefer tabs)']],
  interrupt: [
    ['interrupted', ''],
    ['done', 'fin (hint: stop that)'],
    ['interrupted', ''],
  ],
  'sigint-tool': [['interrupted', '']],
  'sigint-model': [],
  'sigkill-tool': [],
  limit: [['limit', "You've hit your limit · resets 10:34am (UTC)"]],
  'err-401': [['auth', 'Invalid API key · Fix external API key']],
  'err-403': [['auth', 'Failed to authenticate. API Error: 403 scripted error 403']],
  'err-nokey': [['auth', 'Not logged in · Please run /login']],
  'err-429': [['overloaded', 'Request rejected (429)']],
  'err-429-refused': [['overloaded', 'Request rejected (429)']],
  'err-429x2': [['done', 'recovered']],
  'err-529': [['overloaded', '529 Overloaded']],
  'err-529x3-fallback': [['done', 'fin']],
  'err-500': [['overloaded', '500 scripted error 500']],
  'err-refused': [['overloaded', 'Connection refused']],
  'err-drop': [['done', 'recovered']],
  'err-toolong': [['context', 'Prompt is too long']],
  'err-404': [['crashed', "There's an issue with the selected model (claude-opus-5-5)"]],
  'err-400': [['crashed', 'API Error: 400 scripted error 400']],
  maxturns: [['max_turns', 'Reached maximum number of turns (2)']],
  budget: [['budget', 'Reached maximum budget ($0.06)']],
  'unknown-session': [['crashed', 'No conversation found with session ID']],
  'hint-late': [['done', 'end (hint: first second)']],
}

test('why a turn of Claude Code ended is read from what it said', () => {
  assert.deepEqual(Object.keys(ends).toSorted(), Object.keys(captures).toSorted())
  for (const [name, expected] of Object.entries(ends)) {
    const told = endsOf(readCapture(name))
    const reasons = told.map(({ reason }) => reason)
    assert.deepEqual(
      reasons,
      expected.map(([reason]) => reason),
      name,
    )
    for (const [index, [, words]] of expected.entries()) assert.ok(told[index]?.text.includes(words), name)
  }
})

test('a limit that is reached says until when; one that is near does not end anything', () => {
  assert.equal(endsOf(readCapture('limit'))[0]?.until, 1_795_257_268_000)
  assert.deepEqual(ofKind(readCapture('limit'), 'limit'), [
    { kind: 'limit', reached: true, until: 1_795_257_268_000, text: 'five_hour rejected' },
  ])
  const near = { status: 'allowed_warning', resetsAt: 1_795_257_268, utilization: 0.82, rateLimitType: 'seven_day' }
  const paid = { status: 'rejected', resetsAt: 1_795_257_268, isUsingOverage: true }
  for (const info of [near, paid, { status: 'allowed' }]) {
    const events = fold(driver, [JSON.stringify({ type: 'rate_limit_event', rate_limit_info: info })])
    assert.deepEqual(
      events.map((event) => event.kind === 'limit' && event.reached),
      [false],
    )
  }
  assert.match(
    JSON.stringify(fold(driver, [JSON.stringify({ type: 'rate_limit_event', rate_limit_info: near })])),
    /82 %/,
  )
})

test('a limit that is only told in words is dated by them', () => {
  const now = Date.parse('2026-11-21T08:00:00Z')
  const told = {
    type: 'result',
    subtype: 'success',
    is_error: true,
    result: "You've hit your weekly limit · resets 9am (UTC)",
  }
  assert.deepEqual(endsOf(fold(driver, [JSON.stringify(told)], now)), [
    { reason: 'limit', text: told.result, until: Date.parse('2026-11-21T09:00:00Z') },
  ])
})

test('a provider that is out of order or out of reach is overloaded, whatever its words', () => {
  const result = {
    type: 'result',
    subtype: 'success',
    is_error: true,
    result: 'API Error',
    terminal_reason: 'api_error',
  }
  const reasonOf = (more: object) => endsOf(fold(driver, [JSON.stringify({ ...result, ...more })]))[0]?.reason
  for (const status of [408, 429, 500, 502, 503, 529])
    assert.equal(reasonOf({ api_error_status: status }), 'overloaded', String(status))
  assert.equal(reasonOf({ api_error: 'connection_failed' }), 'overloaded')
  assert.equal(reasonOf({ api_error_status: 400 }), 'crashed')
})

test('what an agent says of limits, log-ins and errors ends no turn', () => {
  const words = 'Usage limit reached, not logged in, prompt is too long: all handled. 529 overloaded.'
  const told = { type: 'result', subtype: 'success', is_error: false, terminal_reason: 'completed', result: words }
  assert.deepEqual(endsOf(fold(driver, [JSON.stringify(told)])), [{ reason: 'done', text: words, until: null }])
})

test('a session is told once, with the model and the version', () => {
  assert.deepEqual(ofKind(readCapture('run-basic'), 'session'), [
    {
      kind: 'session',
      session: 'eb9670b4-ebdb-4a5f-ba49-fd63c035ce33',
      model: 'claude-sonnet-5-5',
      version: '2.1.329',
    },
  ])
  for (const name of Object.keys(captures).filter((one) => one !== 'unknown-session'))
    assert.equal(ofKind(readCapture(name), 'session').length, 1, name)
})

test('texts and tools are told as they come, and every tool that began ends', () => {
  const events = readCapture('run-basic').filter(({ kind }) => kind === 'text' || kind === 'tool')
  assert.deepEqual(
    events.map((event) =>
      event.kind === 'tool' ? `${event.name} ${event.phase}: ${event.detail}` : JSON.stringify(event),
    ),
    [
      '{"kind":"text","text":"I will write a file"}',
      'Write begins: /home/dev/repo/a2.txt',
      'Write ends: File created successfully at: /home/dev/repo/a2.txt (file state is current in your context — no need to Read it back)',
      'Bash begins: git add -A && git commit -qm "agent work" && git log --oneline | head -1',
      'Bash ends: 1f1dd29 agent work',
      '{"kind":"text","text":"All finished"}',
    ],
  )
})

const open = (events: readonly AgentEvent[]): number =>
  ofKind(events, 'tool').reduce((count, { phase }) => count + (phase === 'begins' ? 1 : -1), 0)

test('no tool is left open when a turn has ended, whether its result was told or not', () => {
  for (const [name, lines] of Object.entries(captures).filter(([one]) => endsOf(readCapture(one)).length > 0)) {
    const untold = lines.filter((line) => !line.includes('"type":"tool_result"'))
    assert.deepEqual([open(readCapture(name)), open(fold(driver, untold))], [0, 0], name)
  }
  assert.equal(open(readCapture('sigkill-tool')), 1)
})

test('tools that take long, hooks and parts of a text are signs of life', () => {
  for (const line of [
    '{"type":"tool_progress","tool_use_id":"t","tool_name":"Bash","elapsed_time_seconds":30,"heartbeat":true}',
    '{"type":"system","subtype":"task_started"}',
    '{"type":"stream_event","event":{"type":"content_block_delta"}}',
  ])
    assert.deepEqual(fold(driver, [line]), [{ kind: 'alive' }])
})

test('what it tries again by itself is told with its cause', () => {
  assert.deepEqual(ofKind(readCapture('err-529x3-fallback'), 'retrying')[0], {
    kind: 'retrying',
    cause: 'overloaded',
    delayMs: 610,
    text: 'overloaded, 529, try 1 of 10',
  })
  const causes = ['err-401', 'err-429', 'err-500', 'err-drop'].map(
    (name) => ofKind(readCapture(name), 'retrying')[0]?.cause,
  )
  assert.deepEqual(causes, ['auth', 'limit', 'server', 'server'])
})

test('usage is what was added since the last result, with its money', () => {
  const { costUsd, ...tokens } = addedIn(readCapture('run-basic'))
  assert.deepEqual(tokens, { inputTokens: 37_513, cachedInputTokens: 0, outputTokens: 67 })
  assert.ok(Math.abs(costUsd - 0.075696) < 1e-9)
  // The session had cost 0.050 before: its total of 0.1001 would count that again.
  assert.ok(Math.abs(addedIn(readCapture('resumed')).costUsd - 0.050108) < 1e-9)
  assert.ok(Math.abs(addedIn(readCapture('interrupt')).costUsd - 0.237908) < 1e-9)
  assert.deepEqual(ofKind(readCapture('interrupt'), 'usage').length, 2)
})

const model = (input: number, cached: number, written: number) => ({
  inputTokens: input,
  cacheReadInputTokens: cached,
  cacheCreationInputTokens: written,
  outputTokens: 1,
  costUSD: 0.5,
})

test('tokens from a cache are input tokens too, over all models', () => {
  const told = { type: 'result', model_usage_since_last_result: { opus: model(1, 20, 300), haiku: model(4, 50, 600) } }
  assert.deepEqual(ofKind(fold(driver, [JSON.stringify(told)]), 'usage'), [
    {
      kind: 'usage',
      added: { inputTokens: 975, cachedInputTokens: 70, outputTokens: 2, costUsd: 1 },
      total: {},
    },
  ])
  const older = {
    type: 'result',
    usage: { input_tokens: 1, cache_read_input_tokens: 20, cache_creation_input_tokens: 300, output_tokens: 4 },
    total_cost_usd: 0.7,
  }
  assert.deepEqual(ofKind(fold(driver, [JSON.stringify(older)]), 'usage'), [
    {
      kind: 'usage',
      added: { inputTokens: 321, cachedInputTokens: 20, outputTokens: 4 },
      total: { costUsd: 0.7 },
    },
  ])
})

test('a hint has been heard when its own message comes back', () => {
  assert.deepEqual(ofKind(readCapture('hint'), 'heard'), [{ kind: 'heard', hint: 'hint-a1' }])
  assert.deepEqual(ofKind(readCapture('run-basic'), 'heard'), [])
  // Either sign is enough, and both are one.
  for (const sign of ['"command_lifecycle"', '"isReplay":true']) {
    const without = linesOf('hint').filter((line) => !line.includes(sign))
    assert.deepEqual(ofKind(fold(driver, without), 'heard'), [{ kind: 'heard', hint: 'hint-a1' }], sign)
  }
})

test('a turn is not over while a hint waits that it has taken in', () => {
  const events = readCapture('hint-late')
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'heard' || kind === 'turn').map(({ kind }) => kind),
    ['heard', 'heard', 'turn'],
  )
  assert.equal(ofKind(events, 'usage').length, 2)
})

test('an interrupted turn is over, whatever waits', () => {
  assert.deepEqual(
    readCapture('interrupt')
      .filter(({ kind }) => kind === 'heard' || kind === 'turn')
      .map((event) => (event.kind === 'turn' ? event.end.reason : event.kind)),
    ['interrupted', 'heard', 'done', 'interrupted'],
  )
})
