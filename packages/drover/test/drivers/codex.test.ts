import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codexDriver } from '../../src/drivers/codex.ts'
import type { AgentEvent, Spec, Talk } from '../../src/ports/driver.ts'
import { eventsOf, linesOf, spec, told, tools } from './codex-captures.ts'

process.env['TZ'] = 'UTC' // Codex says times in this machine's zone

const driver = codexDriver({ path: '/opt/codex', args: ['-c', 'a=1'], env: { A: 'b' } })
test('the program is spoken to on stdin, with the settings’ arguments behind drover’s', () => {
  assert.deepEqual(driver.spawn(spec), {
    file: '/opt/codex',
    args: ['app-server', '-c', 'a=1'],
    env: { A: 'b' },
    stdin: 'fifo',
  })
  assert.deepEqual(driver.configured('/accounts/two'), { CODEX_HOME: '/accounts/two' })
})

const said = (line: string | undefined): unknown => JSON.parse(line ?? 'null')
const replies = (events: readonly AgentEvent[]): unknown[] =>
  events.flatMap((event) => (event.kind === 'reply' ? event.lines.map(said) : []))
const initialized = '{"id":"initialize","result":{"userAgent":"drover/0.169.0 (Debian)"}}'
const threadStarted = '{"id":"thread","result":{"thread":{"id":"t-1"},"model":"gpt"}}'
const turnStarted = '{"method":"turn/started","params":{"threadId":"t-1","turn":{"id":"u-1"}}}'

/** A conversation in its first turn. */
function inTurn(about: Partial<Spec> = {}): Talk {
  const talk = driver.talk({ ...spec, ...about })
  for (const line of [initialized, threadStarted, turnStarted]) talk.read(line, 0)
  return talk
}

test('a conversation is opened word by word: greeting, thread, first turn', () => {
  const talk = driver.talk({ ...spec, tools, model: 'gpt-x' })
  const [greeting] = talk.open().map(said)
  assert.deepEqual(greeting, {
    jsonrpc: '2.0',
    id: 'initialize',
    method: 'initialize',
    params: {
      clientInfo: { name: 'drover', title: 'drover', version: '1' },
      capabilities: { optOutNotificationMethods: ['turn/diff/updated', 'remoteControl/status/changed'] },
    },
  })
  assert.deepEqual(replies(talk.read(initialized, 0)), [
    { jsonrpc: '2.0', method: 'initialized' },
    {
      jsonrpc: '2.0',
      id: 'thread',
      method: 'thread/start',
      params: {
        approvalPolicy: 'never',
        sandbox: 'danger-full-access',
        model: 'gpt-x',
        config: {
          'mcp_servers.drover': {
            command: 'drover',
            args: ['mcp'],
            env: { DROVER_TOKEN: 's"e\\c' },
            startup_timeout_sec: 60,
            required: true,
            default_tools_approval_mode: 'approve',
          },
        },
      },
    },
  ])
  const events = talk.read(threadStarted, 0)
  assert.deepEqual(events[0], { kind: 'session', session: 't-1', model: 'gpt', version: '0.169.0' })
  assert.deepEqual(replies(events), [
    { jsonrpc: '2.0', id: 'turn', method: 'turn/start', params: { threadId: 't-1', input: input('Do it.') } },
  ])
})

test('a session is gone on with, and its history is not said again', () => {
  const talk = driver.talk({ ...spec, session: 't-0' })
  const [, resume] = replies(talk.read(initialized, 0)) as { method: string; params: Record<string, unknown> }[]
  assert.equal(resume?.method, 'thread/resume')
  assert.equal(resume?.params['threadId'], 't-0')
  assert.equal(resume?.params['excludeTurns'], true)
  assert.equal(resume?.params['cwd'], '/home/dev/repo') // else it goes back to its old folder
})

test('an older Codex, which cannot leave the history out, says it again', () => {
  const talk = driver.talk({ ...spec, session: 't-0' })
  talk.read(initialized, 0)
  const message = 'thread/resume.excludeTurns requires experimentalApi capability'
  const refusal = (id: string): string => JSON.stringify({ id, error: { code: -32600, message } })
  const [again] = replies(talk.read(refusal('thread'), 0)) as { id: string; params: Record<string, unknown> }[]
  assert.equal(again?.params['threadId'], 't-0')
  assert.equal(again?.params['excludeTurns'], undefined)
  assert.equal(told(talk.read(threadStarted.replace('thread', again?.id ?? ''), 0)).session, 't-1')
  assert.deepEqual(told(talk.read(refusal(again?.id ?? ''), 0)).turns, [`crashed: ${message.slice(0, 40)}`]) // once is enough
})

test('a new thread is not told its folder: Codex would write its trust in it into the person’s configuration', () => {
  const [, start] = replies(driver.talk(spec).read(initialized, 0))
  assert.doesNotMatch(JSON.stringify(start), /cwd|\/home\/dev/)
})

const permissions: [Partial<Spec>, string, unknown][] = [
  [{}, 'danger-full-access', {}],
  [{ permission: 'read-only' }, 'read-only', {}],
  [{ readOnly: true }, 'read-only', {}],
  [{ permission: 'workspace-write', gitFolders: [] }, 'workspace-write', {}],
  [
    { permission: 'workspace-write' },
    'workspace-write',
    { 'sandbox_workspace_write.writable_roots': ['/home/dev/repo/.git', '/home/dev/repo/.git/worktrees/w1'] },
  ],
]

test('the permission is the sandbox; where only the worktree may be written, the git folders of a commit are too', () => {
  for (const [about, sandbox, config] of permissions) {
    const [, start] = replies(driver.talk({ ...spec, ...about }).read(initialized, 0)) as { params: object }[]
    assert.deepEqual(start?.params, { approvalPolicy: 'never', sandbox, config })
  }
})

const input = (text: string) => [{ type: 'text', text, text_elements: [] }]

test('a hint is steered into the running turn, an interrupt ends it, a prompt begins the next', () => {
  const talk = inTurn()

  const hint = { threadId: 't-1', expectedTurnId: 'u-1', clientUserMessageId: 'h-1', input: input('Tabs!') }
  assert.deepEqual(talk.say({ kind: 'hint', id: 'h-1', text: 'Tabs!' })?.map(said), [
    { jsonrpc: '2.0', id: 'hint h-1', method: 'turn/steer', params: hint },
  ])
  assert.deepEqual(talk.say({ kind: 'interrupt' })?.map(said), [
    { jsonrpc: '2.0', id: 'interrupt', method: 'turn/interrupt', params: { threadId: 't-1', turnId: 'u-1' } },
  ])
  assert.deepEqual(talk.say({ kind: 'prompt', text: 'Go on.' })?.map(said), [
    { jsonrpc: '2.0', id: 'turn', method: 'turn/start', params: { threadId: 't-1', input: input('Go on.') } },
  ])
})

const begins = (item: object): string =>
  JSON.stringify({ method: 'item/started', params: { threadId: 't-1', item: { type: 'userMessage', ...item } } })

test('a hint is heard when it is part of the conversation; of an older Codex all that is known is that it was accepted', () => {
  const accepted = '{"id":"hint h-1","result":{"turnId":"u-1"}}'
  const heard = (...lines: string[]): unknown => told(lines.flatMap((line) => talk.read(line, 0))).heard
  let talk = inTurn()
  assert.deepEqual(heard(begins({ clientId: null }), accepted), [])
  assert.deepEqual(heard(begins({ clientId: 'h-1' })), ['h-1'])
  talk = inTurn()
  assert.deepEqual(heard(begins({}), accepted), ['h-1'])
  assert.deepEqual(heard('{"id":"interrupt","result":{}}'), [])
})

test('nothing is said before there is a thread; without a turn neither hint nor interrupt', () => {
  const hint = { kind: 'hint', id: 'h', text: 'x' } as const
  const talk = driver.talk(spec)
  for (const line of ['', initialized]) {
    talk.read(line, 0)
    for (const intent of [hint, { kind: 'interrupt' }, { kind: 'prompt', text: 'x' }] as const)
      assert.equal(talk.say(intent), undefined)
  }
  const over = inTurn()
  over.read('{"method":"turn/completed","params":{"threadId":"t-1","turn":{"id":"u-1","status":"completed"}}}', 0)
  over.read('{"id":"turn","result":{"turn":{"id":"u-2"}}}', 0) // it will begin, and has not
  assert.equal(over.say(hint), undefined)
  assert.equal(over.say({ kind: 'interrupt' }), undefined)
  assert.ok(over.say({ kind: 'prompt', text: 'x' }))
})

const asked: [string, object, Partial<Spec>, unknown][] = [
  ['item/commandExecution/requestApproval', {}, {}, { decision: 'accept' }],
  ['item/commandExecution/requestApproval', {}, { permission: 'workspace-write' }, { decision: 'decline' }],
  ['item/commandExecution/requestApproval', {}, { readOnly: true }, { decision: 'decline' }],
  ['item/fileChange/requestApproval', {}, { permission: 'read-only' }, { decision: 'decline' }],
  [
    'item/permissions/requestApproval',
    { permissions: { network: { enabled: true }, fileSystem: null } },
    {},
    { permissions: { network: { enabled: true } }, scope: 'turn' },
  ],
  [
    'item/permissions/requestApproval',
    { permissions: { network: { enabled: true } } },
    { permission: 'read-only' },
    { permissions: {}, scope: 'turn' },
  ],
  ['item/tool/requestUserInput', { questions: [{ id: 'q' }] }, {}, { answers: {} }],
  ['item/tool/call', { tool: 'x' }, {}, { contentItems: [], success: false }],
]
const elicited = (serverName: string, kind?: string) => ({
  serverName,
  mode: 'form',
  _meta: { codex_approval_kind: kind },
})
const action = (word: string) => ({ action: word, content: null, _meta: null })

test('leave is given within the permission only, and never a person’s words', () => {
  const tool = 'mcp_tool_call'
  const elicitations = (
    [
      [elicited('drover', tool), {}, 'accept'],
      [elicited('drover', tool), { readOnly: true }, 'accept'],
      [elicited('other', tool), {}, 'accept'],
      [elicited('other', tool), { permission: 'read-only' }, 'decline'],
      [elicited('other'), {}, 'decline'],
    ] as const
  ).map(([params, about, word]) => ['mcpServer/elicitation/request', params, about, action(word)] as const)
  for (const [method, params, about, result] of [...asked, ...elicitations])
    assert.deepEqual(
      replies(driver.talk({ ...spec, ...about }).read(JSON.stringify({ id: 0, method, params }), 0)),
      [{ jsonrpc: '2.0', id: 0, result }],
      `${method} ${JSON.stringify(params)} ${JSON.stringify(about)}`,
    )
})

test('a request that is not known is refused, so that nobody waits for its answer', () => {
  for (const method of ['attestation/generate', 'constructor', '__proto__']) {
    const [refusal] = replies(driver.talk(spec).read(JSON.stringify({ id: 'q', method, params: null }), 0))
    assert.deepEqual(refusal, {
      jsonrpc: '2.0',
      id: 'q',
      error: { code: -32601, message: `drover knows no ${method}` },
    })
  }
})

test('what Codex really asks is answered: a command declined, drover’s tool accepted', () => {
  const asking = { permission: 'read-only' }
  const answered = (capture: string) => replies(eventsOf(driver, linesOf(capture), asking)).at(-1)
  assert.deepEqual(answered('app-server-asks-command'), { jsonrpc: '2.0', id: 0, result: { decision: 'decline' } })
  assert.deepEqual(answered('app-server-asks-tool'), { jsonrpc: '2.0', id: 0, result: action('accept') })
})

test('a sub-agent of the agent ends no turn and says nothing; what it used is added', () => {
  const lines = linesOf('app-server-sub-agent')
  assert.equal(lines.filter((line) => line.includes('"turn/completed"')).length, 2)
  const events = eventsOf(driver, lines)
  assert.equal(told(events).turns.length, 1)
  const added = events.flatMap((event) => (event.kind === 'usage' && event.added.inputTokens ? [event.added] : []))
  assert.deepEqual(added, [{ inputTokens: 7468, cachedInputTokens: 0, outputTokens: 2 }])
})

test('what a sub-agent used is counted once, however often it is said', () => {
  const talk = inTurn()
  const count = (thread: string, inputTokens: number, last = inputTokens): AgentEvent[] =>
    talk.read(
      JSON.stringify({
        method: 'thread/tokenUsage/updated',
        params: {
          threadId: thread,
          tokenUsage: { total: { inputTokens, outputTokens: 1 }, last: { inputTokens: last } },
        },
      }),
      0,
    )
  const added = [count('sub', 1000, 70), count('sub', 1000, 70), count('sub', 1200, 200)]
  assert.deepEqual(
    added.flatMap((events) => events.map((event) => event.kind === 'usage' && event.added.inputTokens)),
    [70, 0, 200],
  )
})

const typed: [unknown, string][] = [
  ['usageLimitExceeded', 'limit'],
  ['contextWindowExceeded', 'context'],
  ['sessionBudgetExceeded', 'budget'],
  ['unauthorized', 'auth'],
  ['rateLimitExceeded', 'overloaded'],
  ['serverOverloaded', 'overloaded'],
  ['internalServerError', 'overloaded'],
  [{ httpConnectionFailed: { httpStatusCode: 401 } }, 'auth'],
  [{ httpConnectionFailed: { httpStatusCode: 403 } }, 'auth'],
  [{ httpConnectionFailed: { httpStatusCode: null } }, 'overloaded'],
  [{ responseStreamDisconnected: { httpStatusCode: 502 } }, 'overloaded'],
  [{ responseTooManyFailedAttempts: { httpStatusCode: 429 } }, 'overloaded'],
  [{ responseTooManyFailedAttempts: { httpStatusCode: 404 } }, 'crashed'],
  ['modelNotFound', 'crashed'],
  ['badRequest', 'crashed'],
  ['heard of never', 'crashed'],
  [{ constructor: {} }, 'crashed'],
  [null, 'crashed'],
]

test('a turn’s end has the reason that Codex gives it', () => {
  for (const [codexErrorInfo, reason] of typed) {
    const turn = { id: 'u-1', status: 'failed', error: { message: 'Oh.', codexErrorInfo } }
    const events = inTurn().read(JSON.stringify({ method: 'turn/completed', params: { threadId: 't-1', turn } }), 0)
    assert.deepEqual(events, [{ kind: 'turn', end: { reason, text: 'Oh.', until: null } }])
  }
})

const limited = (completedAt: number): string =>
  JSON.stringify({
    method: 'turn/completed',
    params: {
      threadId: 't-1',
      turn: {
        id: `u-${completedAt}`,
        status: 'failed',
        error: { message: 'Limit: try again at 9:48 AM.', codexErrorInfo: 'usageLimitExceeded' },
        completedAt,
      },
    },
  })
const filled = (primary: object | null, secondary: object | null, reached: string | null = null): string =>
  JSON.stringify({
    method: 'account/rateLimits/updated',
    params: { rateLimits: { limitId: 'codex', primary, secondary, rateLimitReachedType: reached } },
  })
const untilOf = (events: readonly AgentEvent[]): unknown =>
  events.flatMap((event) => (event.kind === 'turn' ? [event.end.until] : []))[0]

test('a limit lasts until the time in the words, as it was meant when they were said', () => {
  const morning = Date.UTC(2026, 10, 21, 8, 48, 11) / 1000
  for (const now of [morning * 1000, morning * 1000 + 36e5 * 5])
    assert.equal(untilOf(inTurn().read(limited(morning), now)), Date.UTC(2026, 10, 21, 9, 48))
})

test('a limit lasts until the windows that are used up are free again, where Codex says so', () => {
  const now = Date.UTC(2026, 10, 21, 8)
  const at = (hours: number): number => now / 1000 + hours * 3600
  const talk = inTurn()
  const events = talk.read(filled({ usedPercent: 100, resetsAt: at(3) }, { usedPercent: 40, resetsAt: at(99) }), now)
  assert.deepEqual(events, [{ kind: 'limit', reached: false, until: at(3) * 1000, text: '100 % used' }])
  assert.equal(untilOf(talk.read(limited(at(0)), now)), at(3) * 1000)
  talk.read(filled(null, { usedPercent: 100, resetsAt: at(50) }), now) // says nothing of the first window, and clears nothing
  assert.equal(untilOf(talk.read(limited(at(1)), now)), at(50) * 1000)
  assert.equal(untilOf(talk.read(limited(at(51)), now)), Date.UTC(2026, 10, 24, 9, 48)) // both are over
})

test('how full a limit is is said when it changes, and when it is reached', () => {
  const talk = inTurn()
  const full = { usedPercent: 37, resetsAt: 1 }
  assert.equal(talk.read(filled(full, null), 0).length, 1)
  assert.equal(talk.read(filled(full, null), 0).length, 0)
  const [event] = talk.read(filled(full, null, 'rate_limit_reached'), 0)
  assert.deepEqual(event, { kind: 'limit', reached: true, until: 1000, text: 'rate_limit_reached' })
  assert.deepEqual(inTurn().read(filled(null, null), 0), [])
})

test('a turn that ends leaves no tool open', () => {
  const events = eventsOf(driver, linesOf('app-server'))
  const open = new Set<string>()
  let ends = 0
  for (const event of events) {
    if (event.kind === 'tool' && event.phase === 'begins') open.add(event.id)
    if (event.kind === 'tool' && event.phase === 'ends') open.delete(event.id)
    if (event.kind === 'turn') assert.equal(open.size, 0, `at the end of turn ${ends + 1}`)
    if (event.kind === 'turn') ends++
  }
  assert.equal(ends, 5)
})

const over = (exitCode: number | null, errors = '', signal: string | null = null) => ({ exitCode, signal, errors })

test('a program that does not speak app-server is told so, for the fallback to try', () => {
  const end = driver.talk(spec).ended?.(over(2, "error: unrecognized subcommand 'app-server'\n"))
  assert.deepEqual(end, { reason: 'unsupported', text: "error: unrecognized subcommand 'app-server'", until: null })
  assert.equal(driver.talk(spec).ended?.(over(0))?.reason, 'unsupported')
  for (const strange of [
    '{"id":"initialize","error":{"code":-32600,"message":"what?"}}',
    '{"id":"thread","error":{"code":-32600,"message":"Invalid request: unknown variant `thread/start`, expected"}}',
    '{"id":"turn","error":{"code":-32601,"message":"no"}}',
  ]) {
    const [event] = driver.talk(spec).read(strange, 0)
    assert.equal(event?.kind === 'turn' && event.end.reason, 'unsupported', strange)
  }
  assert.equal(driver.fallback?.spawn(spec).args[0], 'exec')
})

test('a program that could not be started, was killed, or had answered, is no such program', () => {
  for (const about of [over(127), over(126), over(null, '', 'SIGKILL'), over(null, '', 'lost')])
    assert.equal(driver.talk(spec).ended?.(about), undefined)
  const talk = driver.talk(spec)
  talk.read(initialized, 0)
  assert.equal(talk.ended?.(over(1, 'panicked')), undefined)
})

test('a word that Codex does not know is an error, not another protocol', () => {
  const text = 'Invalid request: unknown variant `nonsense`, expected one of `read-only`, `workspace-write`'
  const [event] = driver.talk(spec).read(JSON.stringify({ id: 'thread', error: { code: -32600, message: text } }), 0)
  assert.deepEqual(event, { kind: 'turn', end: { reason: 'crashed', text, until: null } })
})

test('an error that was said last explains the end of the program', () => {
  const talk = inTurn()
  const error = { message: 'Limit.', codexErrorInfo: 'usageLimitExceeded' }
  const line = JSON.stringify({ method: 'error', params: { threadId: 't-1', willRetry: false, error } })
  assert.deepEqual(talk.read(line, 0), [])
  assert.deepEqual(talk.ended?.(over(1)), { reason: 'limit', text: 'Limit.', until: null })
})

test('items and errors that are not known mean no more than a sign of life', () => {
  for (const type of ['heardOfNever', 'constructor', '__proto__', '', 7, null])
    for (const method of ['item/started', 'item/completed']) {
      const line = JSON.stringify({ method, params: { threadId: 't-1', item: { type, id: 'i' } } })
      assert.deepEqual(inTurn().read(line, 0), [{ kind: 'alive' }])
    }
  for (const method of ['heard/ofNever', 'constructor', '__proto__', 'warning'])
    assert.deepEqual(inTurn().read(JSON.stringify({ method, params: { threadId: 't-1' } }), 0), [])
})
