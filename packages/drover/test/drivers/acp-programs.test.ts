import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { acpDriver } from '../../src/drivers/acp.ts'
import { copilotDriver } from '../../src/drivers/copilot.ts'
import { geminiDriver } from '../../src/drivers/gemini.ts'
import { spec, tools } from './spec.ts'

const run = (path: string) => ({ path, args: [], env: {} })
const gemini = geminiDriver(run('gemini'))
const copilot = copilotDriver(run('copilot'))

test('a program that does not speak ACP is left to the fallback', () => {
  const gone = { exitCode: 1, signal: null, errors: 'Unknown argument: acp\n' }
  assert.deepEqual(gemini.talk(spec).ended?.(gone), {
    reason: 'unsupported',
    text: 'Unknown argument: acp',
    until: null,
  })
  const talk = gemini.talk(spec)
  talk.read('{"jsonrpc":"2.0","id":"initialize","result":{}}', 0)
  assert.equal(talk.ended?.(gone), undefined)
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

/** A line of Gemini's record: with the tool that followed it is written once more. */
const answer = (id: string, input: number, more = ''): string =>
  `{"id":"${id}","type":"gemini","content":"\\"tokens\\":","tokens":{"input":${input},"output":10,"cached":4,"thoughts":0}${more}}\n`

test('what answers of Gemini cost that were never told stands in its record, and is told with the session', () => {
  const home = mkdtempSync(join(tmpdir(), 'drover-gemini-'))
  try {
    const chats = join(home, '.gemini/tmp/repo/chats')
    mkdirSync(chats, { recursive: true })
    const lines = [
      '{"sessionId":"12345678-9"}\n',
      '{"id":"u","type":"user"}\n',
      answer('a', 100),
      answer('a', 100, ',"toolCalls":[]'),
    ]
    writeFileSync(join(chats, 'session-2026-11-21T17-59-12345678.jsonl'), [...lines, answer('b', 200)].join(''))
    const own = { ...spec, session: '12345678-9' }
    const { file, args } = geminiDriver(run('true')).spawn(own)
    const said = spawnSync(file, args, { env: { PATH: process.env['PATH'], HOME: home }, encoding: 'utf8' }).stdout
    const talk = gemini.talk(own)
    assert.deepEqual(talk.read(said.trim(), 0), [{ kind: 'alive' }])
    talk.read('{"jsonrpc":"2.0","id":"initialize","result":{}}', 0)
    const opened = talk.read('{"jsonrpc":"2.0","id":"session","result":{}}', 0)
    assert.deepEqual(
      opened.slice(0, 2).map((event) => (event.kind === 'usage' ? event.recorded : event.kind)),
      ['session', { inputTokens: 300, cachedInputTokens: 8, outputTokens: 20 }],
    )
  } finally {
    rmSync(home, { recursive: true })
  }
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
    const { file, args } = geminiDriver(run('true')).spawn({ ...spec, session: '12345678-9' })
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
    args: '--acp --no-auto-update --allow-all --model m --additional-mcp-config @/f/copilot-mcp.json --allow-tool drover'.split(
      ' ',
    ),
    env: {},
    stdin: 'fifo',
    files: {
      'copilot-mcp.json': JSON.stringify({ mcpServers: { drover: { type: 'local', ...tools, tools: ['*'] } } }),
    },
  })
  const [reply] = copilot.talk({ ...spec, tools }).read('{"jsonrpc":"2.0","id":"initialize","result":{}}', 0)
  assert.deepEqual(JSON.parse(reply?.kind === 'reply' ? reply.lines[0]! : '').params, { cwd: '/w', mcpServers: [] })
  assert.ok(!copilot.spawn({ ...spec, readOnly: true }).args.includes('--allow-all'))
})

test('any other agent is run as the settings say', () => {
  const other = acpDriver('mine', { path: 'my-agent', args: ['--acp'], env: { KEY: '1' } })
  assert.deepEqual(other.spawn(spec), { file: 'my-agent', args: ['--acp'], env: { KEY: '1' }, stdin: 'fifo' })
})
