import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claudeDriver } from '../../src/drivers/claude.ts'
import { openDrivers } from '../../src/drivers/drivers.ts'
import { spec, talkWith } from './fold.ts'

const driver = claudeDriver({ path: 'claude', args: [], env: {} })
const user = (content: string) => ({ type: 'user', message: { role: 'user', content } })
const lines = (said: string[] | undefined): unknown[] => (said ?? []).map((line): unknown => JSON.parse(line))

test('Claude Code is told everything in lines of its own protocol', () => {
  const talk = talkWith(driver, { prompt: 'Write it.\nWell.' })
  assert.deepEqual(lines(talk.open()), [user('Write it.\nWell.')])
  assert.deepEqual(lines(talk.say({ kind: 'prompt', text: 'Go on.' })), [user('Go on.')])
  assert.deepEqual(lines(talk.say({ kind: 'hint', id: 'hint-1', text: 'Use tabs.' })), [
    { ...user('Use tabs.'), uuid: 'drover-hint-1' },
  ])
  assert.deepEqual(lines(talk.say({ kind: 'interrupt' })), [
    { type: 'control_request', request_id: 'interrupt', request: { subtype: 'interrupt' } },
  ])
  for (const said of [talk.open(), talk.say({ kind: 'hint', id: 'h', text: 'a\nb' })])
    assert.ok(said?.every((line) => !line.includes('\n')))
})

test('words that look like a command of Claude Code stay words', () => {
  const talk = talkWith(driver, { prompt: '/clear' })
  const said = [...talk.open(), ...(talk.say({ kind: 'hint', id: 'h', text: ' /compact' }) ?? [])]
  for (const line of said) assert.match(line, /"content":"These are words, no command: +?\s*\/c/)
})

const options = (told: Partial<typeof spec>): string[] => driver.spawn({ ...spec, ...told }).args.slice(7)

test('Claude Code is started in a session, with a model, tools and permissions', () => {
  const launch = driver.spawn(spec)
  assert.equal(launch.file, 'claude')
  assert.equal(launch.stdin, 'fifo')
  assert.equal(
    launch.args.join(' '),
    '-p --input-format stream-json --output-format stream-json --verbose --replay-user-messages ' +
      '--session-id 00000000-0000-4000-8000-000000000000 --strict-mcp-config --dangerously-skip-permissions',
  )
  assert.equal(launch.env.ENABLE_TOOL_SEARCH, 'false')
  assert.equal(launch.env.IS_SANDBOX, process.getuid?.() === 0 ? '1' : undefined)
  assert.deepEqual(options({ session: 'abc', model: 'opus' }).slice(0, 4), ['--resume', 'abc', '--model', 'opus'])
  assert.deepEqual(options({ permission: 'acceptEdits' }).slice(-2), ['--permission-mode', 'acceptEdits'])
  assert.ok(!launch.args.join(' ').includes(spec.prompt))
})

test('drover’s tools come from a file, so that their token stands in no list of processes', () => {
  const tools = { command: 'node', args: ['mcp'], env: { DROVER_TOKEN: 'secret' } }
  const launch = driver.spawn({ ...spec, tools, permission: 'acceptEdits' })
  assert.equal(
    launch.args.slice(9).join(' '),
    '--mcp-config /attempt/mcp.json --strict-mcp-config --permission-mode acceptEdits --allowedTools mcp__drover',
  )
  assert.deepEqual(JSON.parse(launch.files?.['mcp.json'] ?? ''), {
    mcpServers: { drover: { type: 'stdio', ...tools } },
  })
  assert.ok(!launch.args.join(' ').includes('secret'))
})

const isStrict = (agents: Parameters<typeof openDrivers>[0]): boolean =>
  openDrivers(agents).driverFor('claude')!.spawn(spec).args.includes('--strict-mcp-config')

test('a person’s own MCP servers are started only where the settings wish for them', () => {
  assert.deepEqual(
    [isStrict({}), isStrict({ claude: { mcp: 'drover' } }), isStrict({ claude: { mcp: 'own' } })],
    [true, true, false],
  )
})

test('an agent that is to change nothing may look and report', () => {
  const tools = { command: 'node', args: [], env: {} }
  assert.equal(
    options({ readOnly: true, tools }).slice(-6).join(' '),
    '--permission-mode dontAsk --allowedTools Read,Glob,Grep,WebFetch,WebSearch,Task,mcp__drover ' +
      '--disallowedTools Edit,Write,NotebookEdit',
  )
})

test('what the settings say comes after drover’s own words', () => {
  const own = claudeDriver({ path: '/opt/claude', args: ['--max-turns', '9'], env: { DISABLE_AUTOUPDATER: '0' } })
  const launch = own.spawn(spec)
  assert.equal(launch.file, '/opt/claude')
  assert.deepEqual(launch.args.slice(-2), ['--max-turns', '9'])
  assert.equal(launch.env.DISABLE_AUTOUPDATER, '0')
  assert.deepEqual(own.configured('/accounts/max-1'), { CLAUDE_CONFIG_DIR: '/accounts/max-1' })
})

test('a program that ended without a result was asked to, or says what was wrong, or crashed', () => {
  const talk = talkWith(driver)
  const reason = (exitCode: number | null, signal: string | null, errors: string) =>
    talk.ended?.({ exitCode, signal, errors })?.reason
  assert.equal(reason(0, null, ''), 'interrupted')
  assert.equal(reason(143, null, ''), 'interrupted')
  assert.equal(reason(null, 'SIGTERM', ''), 'interrupted')
  assert.equal(reason(1, null, 'Invalid API key'), 'auth')
  assert.equal(reason(null, 'SIGKILL', ''), undefined)
  assert.equal(reason(1, null, 'Error: Session ID 1 is already in use.'), undefined)
})
