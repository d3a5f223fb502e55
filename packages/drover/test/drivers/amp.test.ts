import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { ampDriver } from '../../src/drivers/amp.ts'
import type { AgentEvent, Intent, Spec, TurnEnd } from '../../src/ports/driver.ts'
import { addedIn, endsOf, fold, ofKind, spec, talkWith } from './fold.ts'

const stub = join(import.meta.dirname, '../support/amp-stub.mjs')
const driver = ampDriver({ path: stub, args: [], env: {} })

interface Amp {
  events: AgentEvent[]
  say(intent: Intent): void
  /** The end of the turn with this number, from 1. */
  turn(number: number): Promise<TurnEnd>
  until(holds: () => boolean): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; errors: string }>
}

function placeFor(t: TestContext): string {
  const place = mkdtempSync(join(tmpdir(), 'drover-amp-'))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  for (const folder of ['attempt', 'worktree']) mkdirSync(join(place, folder))
  execFileSync('git', ['init', '-q'], { cwd: join(place, 'worktree') })
  return place
}

/** Starts what the driver launches, and reads it as the supervisor does. */
function startAmp(t: TestContext, place: string, told: Partial<Spec>, env: Record<string, string> = {}): Amp {
  const about = { ...spec, folder: join(place, 'attempt'), worktree: join(place, 'worktree'), ...told }
  const launch = driver.spawn(about)
  for (const [name, text] of Object.entries(launch.files ?? {})) writeFileSync(join(about.folder, name), text)
  const program = spawn(launch.file, launch.args, {
    cwd: about.worktree,
    env: { ...surroundings(place), ...driver.configured(join(place, 'account')), ...launch.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  t.after(() => void program.kill('SIGKILL'))
  return conversation(program, about)
}

const surroundings = (place: string): Record<string, string> => ({
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  HOME: place,
  AMP_API_KEY: 'dummy',
  GIT_AUTHOR_NAME: 'Amp',
  GIT_AUTHOR_EMAIL: 'amp@example.com',
  GIT_COMMITTER_NAME: 'Amp',
  GIT_COMMITTER_EMAIL: 'amp@example.com',
})

function conversation(program: ChildProcess, about: Spec): Amp {
  const talk = talkWith(driver, about)
  const { stdin, stdout, stderr } = program
  assert.ok(stdin && stdout && stderr)
  const events: AgentEvent[] = []
  let errors = ''
  stdin.on('error', () => undefined)
  stderr.on('data', (chunk: Buffer) => (errors += String(chunk)))
  const lines = createInterface({ input: stdout }).on('line', (line) => events.push(...talk.read(line, 0)))
  const write = (said: readonly string[] | undefined): unknown => said?.map((line) => stdin.write(`${line}\n`))
  const over = once(program, 'close')
  write(talk.open())
  const until = async (holds: () => boolean): Promise<void> => {
    const signal = AbortSignal.timeout(20_000)
    while (!holds()) await once(lines, 'line', { signal })
  }
  return {
    events,
    say: (intent) => void write(talk.say(intent)),
    turn: async (number) => {
      await until(() => endsOf(events).length >= number)
      return endsOf(events)[number - 1] ?? assert.fail()
    },
    until,
    stop: async (signal) => {
      if (signal) program.kill(signal)
      else stdin.end()
      await over
      return { code: program.exitCode, errors }
    },
  }
}

test('Amp works on what it is told, turn by turn, and lives on', async (t) => {
  const place = placeFor(t)
  const amp = startAmp(t, place, { prompt: 'do [[write a.txt hello]] [[commit feat: a]] [[say all done]]' })
  assert.deepEqual(await amp.turn(1), { reason: 'done', text: 'all done', until: null })
  assert.equal(execFileSync('git', ['log', '--format=%s'], { cwd: join(place, 'worktree') }).toString(), 'feat: a\n')
  amp.say({ kind: 'prompt', text: 'more [[say that too]]' })
  assert.equal((await amp.turn(2)).text, 'that too')
  assert.deepEqual(await amp.stop(), { code: 0, errors: '' })
  assert.equal(
    amp.events.map((event) => (event.kind === 'tool' ? `${event.name} ${event.phase}` : event.kind)).join(', '),
    'session, Bash begins, usage, Bash ends, Bash begins, usage, Bash ends, text, usage, turn, text, usage, turn',
  )
  assert.deepEqual(addedIn(amp.events), { inputTokens: 1320, cachedInputTokens: 1200, outputTokens: 16, costUsd: 0 })
})

test('a turn of Amp ends with its last message, whether a result follows or not', async (t) => {
  const place = placeFor(t)
  for (const AMP_STUB_RESULT of ['each', 'end']) {
    const amp = startAmp(t, place, { prompt: '[[say one]]' }, { AMP_STUB_RESULT })
    assert.equal((await amp.turn(1)).text, 'one')
    amp.say({ kind: 'prompt', text: '[[say two]]' })
    assert.equal((await amp.turn(2)).text, 'two')
    await amp.stop()
    assert.deepEqual(
      endsOf(amp.events).map(({ text }) => text),
      ['one', 'two'],
    )
  }
})

test('a thread of Amp goes on in a new process where it stood', async (t) => {
  const place = placeFor(t)
  const first = startAmp(t, place, { prompt: '[[bash echo >> ran]] [[hang]] [[say fin]]' })
  await first.until(() => ofKind(first.events, 'tool').length === 2)
  const [told] = ofKind(first.events, 'session')
  assert.match(told?.session ?? '', /^T-/)
  assert.equal((await first.stop('SIGINT')).code, 130)
  assert.deepEqual(endsOf(first.events), [])
  const session = told?.session ?? null
  const second = startAmp(t, place, { session, prompt: 'go on [[say resumed]]' })
  assert.equal((await second.turn(1)).text, 'resumed')
  assert.equal(ofKind(second.events, 'session')[0]?.session, session)
  await second.stop()
})

test('Amp may do everything only where it is allowed to', async (t) => {
  const place = placeFor(t)
  const amp = startAmp(t, place, { prompt: '[[write no.txt x]] [[say tried]]', permission: 'ask' })
  assert.equal((await amp.turn(1)).text, 'tried')
  await amp.stop()
  assert.ok(!existsSync(join(place, 'worktree/no.txt')))
})

test('what Amp fails with is a turn’s end, or explains the end of the program', async (t) => {
  const place = placeFor(t)
  const failing = async (words: string) => (await startAmp(t, place, { prompt: `[[fail ${words}]]` }).turn(1)).reason
  assert.equal(await failing('Insufficient credit balance'), 'auth')
  assert.equal(await failing('You have reached your daily usage limit, resets in 2 hours'), 'limit')
  assert.equal(await failing('context window is full'), 'context')
  assert.equal(await failing('Model is overloaded'), 'overloaded')
  assert.equal(await failing('tool exploded'), 'crashed')
  const { ended } = talkWith(driver)
  const locked = await startAmp(t, place, {}, { AMP_API_KEY: '' }).stop()
  assert.equal(ended?.({ exitCode: locked.code, signal: null, errors: locked.errors })?.reason, 'auth')
  const lost = await startAmp(t, place, { session: 'T-unknown' }).stop()
  assert.match(lost.errors, /Thread not found/)
  assert.equal(ended?.({ exitCode: lost.code, signal: null, errors: lost.errors }), undefined)
})

test('Amp is started with a settings file of its own, and drover’s tools', () => {
  const launch = ampDriver({ path: 'amp', args: ['--label', 'x'], env: { AMP_URL: 'u' } }).spawn({
    ...spec,
    session: 'T-1',
    model: 'high',
    tools: { command: 'node', args: ['mcp'], env: { DROVER_TOKEN: 'secret' } },
  })
  assert.equal(
    launch.args.join(' '),
    'threads continue T-1 --execute --stream-json --stream-json-input --no-archive-after-execute --no-ide ' +
      '--settings-file /attempt/amp-settings.json --mode high --mcp-config /attempt/amp-mcp.json --label x',
  )
  assert.deepEqual([launch.file, launch.stdin, launch.env], ['amp', 'fifo', { AMP_URL: 'u' }])
  assert.deepEqual(settingsOf({}), {
    'amp.updates.mode': 'disabled',
    'amp.notifications.enabled': false,
    'amp.dangerouslyAllowAll': true,
  })
  assert.deepEqual(JSON.parse(launch.files?.['amp-mcp.json'] ?? ''), {
    drover: { command: 'node', args: ['mcp'], env: { DROVER_TOKEN: 'secret' } },
  })
  assert.match(JSON.stringify(settingsOf({ readOnly: true })), /"tool":"edit_file","action":"reject"/)
  assert.ok(!JSON.stringify(settingsOf({ readOnly: true })).includes('dangerouslyAllowAll'))
})

const settingsOf = (told: Partial<Spec>): unknown =>
  JSON.parse(driver.spawn({ ...spec, ...told }).files?.['amp-settings.json'] ?? '')

const line = (text: string) =>
  JSON.stringify({ type: 'user', message: { role: 'user', content: [{ type: 'text', text }] } })

test('Amp takes a prompt at any time, a hint only as one, and no word to stop', () => {
  const talk = talkWith(driver, { prompt: 'Do it.' })
  assert.deepEqual(talk.open(), [line('Do it.')])
  assert.deepEqual(talk.say({ kind: 'prompt', text: 'More.' }), [line('More.')])
  assert.equal(talk.say({ kind: 'hint', id: 'h', text: 'Tabs.' }), undefined)
  assert.equal(talk.say({ kind: 'interrupt' }), undefined)
  assert.equal(driver.abilities.interrupt, 'signal')
})

test('the stream that Amp documents is read', () => {
  const session = 'T-2775dc92-90ed-4f85-8b73-8f9766029e83'
  const usage = {
    input_tokens: 12_783,
    cache_creation_input_tokens: 367,
    cache_read_input_tokens: 12_416,
    output_tokens: 8,
  }
  const content = [{ type: 'text', text: '2 + 2 equals 4.' }]
  const messages = [
    { type: 'system', subtype: 'init', cwd: '/home/dev', tools: ['oracle'], mcp_servers: [] },
    {
      type: 'user',
      message: { role: 'user', content: [{ type: 'text', text: 'what is 2+2?' }] },
      parent_tool_use_id: null,
    },
    {
      type: 'assistant',
      message: { type: 'message', role: 'assistant', content, stop_reason: 'end_turn', usage },
      parent_tool_use_id: null,
    },
    { type: 'result', subtype: 'success', duration_ms: 2906, is_error: false, num_turns: 1, result: '2 + 2 equals 4.' },
  ]
  assert.deepEqual(
    fold(
      driver,
      messages.map((one) => JSON.stringify({ ...one, session_id: session })),
    ),
    [
      { kind: 'session', session, model: null, version: null },
      { kind: 'text', text: '2 + 2 equals 4.' },
      { kind: 'usage', added: { inputTokens: 12_783, cachedInputTokens: 12_416, outputTokens: 8 }, total: {} },
      { kind: 'turn', end: { reason: 'done', text: '2 + 2 equals 4.', until: null } },
    ],
  )
})
