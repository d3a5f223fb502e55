import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { codexExecDriver } from '../../src/drivers/codex-exec.ts'
import { eventsOf, linesOf, spec, recordedAt, told, tools } from './codex-captures.ts'

process.env['TZ'] = 'UTC' // Codex says times in this machine's zone

const driver = codexExecDriver({ path: '/opt/codex', args: ['-c', 'a=1'], env: { A: 'b' } })
const nothing = { turns: [], until: [], texts: [], tools: [], retrying: [], heard: [], tokens: undefined }
const shell = ['shell begins', 'shell ends']

const captures: Record<string, Partial<ReturnType<typeof told>>> = {
  'run-basic': {
    session: 'fa28',
    turns: ['done: All finished'],
    texts: ['All finished'],
    tools: [...shell, ...shell],
    tokens: [30092, 0, 63],
  },
  mcp: {
    session: '0ee9',
    turns: ['done: fin'],
    texts: ['fin'],
    tools: [...shell, 'drover.create_subtask begins', 'drover.create_subtask ends'],
    tokens: [31672, 0, 40],
  },
  'sess-1': { session: 'a696', turns: ['done: first'], texts: ['first'], tools: shell, tokens: [19866, 0, 20] },
  'sess-2-resume': {
    session: 'a696',
    turns: ['done: first (hint: continue please)'],
    texts: ['first (hint: continue please)'],
    tokens: [29932, 0, 28], // of the whole thread
  },
  'sigint-tool': { session: 'f62b', tools: ['shell begins'] },
  'err-drop': { session: '7d35', turns: ['done: fin'], texts: ['fin'], retrying: ['overloaded'], tokens: [9873, 0, 2] },
  'err-limit': {
    session: 'c225',
    turns: ['limit: You’ve hit your usage limit. Upgrade to '],
    until: ['2026-11-21T09:33:00.000Z'],
  },
  'err-400': { session: '13f1', turns: ['crashed: {"error":{"type":"invalid_request_error"'] },
  'err-401': { session: '8864', turns: ['auth: unexpected status 401 Unauthorized: Inco'], retrying: ['auth'] },
  'err-429': { session: '9ff3', turns: ['overloaded: exceeded retry limit, last status: 429 T'] },
  'err-500': {
    session: 'fc4c',
    turns: ['overloaded: We’re currently experiencing high demand'],
    retrying: ['overloaded'],
  },
  'err-503': {
    session: '5740',
    turns: ['overloaded: unexpected status 503 Service Unavailabl'],
    retrying: ['overloaded'],
  },
  'err-529': {
    session: 'de59',
    turns: ['overloaded: unexpected status 529 <unknown status co'],
    retrying: ['overloaded'],
  },
  'err-toolong': { session: 'a903', turns: ["context: Codex ran out of room in the model's con"] },
}

describe('what Codex says by exec is understood', () => {
  for (const [capture, expected] of Object.entries(captures))
    test(capture, () => assert.deepEqual(told(eventsOf(driver, linesOf(capture))), { ...nothing, ...expected }))
})

test('the prompt comes on stdin, and is no argument', () => {
  assert.deepEqual(driver.spawn({ ...spec, model: 'gpt-x' }), {
    file: '/opt/codex',
    args: [
      'exec',
      '--json',
      '--skip-git-repo-check',
      '--dangerously-bypass-approvals-and-sandbox',
      '-m',
      'gpt-x',
      '-c',
      'a=1',
      '-',
    ],
    env: { A: 'b' },
    stdin: 'prompt',
  })
  const { args } = driver.spawn({ ...spec, session: 't-0' })
  assert.deepEqual([args[0], args[1], ...args.slice(-2)], ['exec', 'resume', 't-0', '-'])
})

test('less than everything is a sandbox that never asks, with the git folders of a commit open', () => {
  const { args } = driver.spawn({ ...spec, permission: 'workspace-write' })
  assert.deepEqual(args.slice(3, -3), [
    '-c',
    'approval_policy="never"',
    '-c',
    'sandbox_mode="workspace-write"',
    '-c',
    'sandbox_workspace_write.writable_roots=["/home/dev/repo/.git","/home/dev/repo/.git/worktrees/w1"]',
  ])
  assert.ok(driver.spawn({ ...spec, readOnly: true }).args.includes('sandbox_mode="read-only"'))
})

test('drover’s tools are named in the arguments, their secrets are not', () => {
  const { args, env } = driver.spawn({ ...spec, tools })
  assert.ok(
    args.includes(
      'mcp_servers.drover={"command"="drover","args"=["mcp"],"env_vars"=["DROVER_TOKEN"],"startup_timeout_sec"=60,"required"=true,"default_tools_approval_mode"="approve"}',
    ),
  )
  assert.equal(env['DROVER_TOKEN'], 's"e\\c')
})

test('nothing can be said to it while it works', () => {
  const talk = driver.talk(spec)
  assert.deepEqual(talk.open(), [])
  for (const intent of [
    { kind: 'prompt', text: 'x' },
    { kind: 'hint', id: 'h', text: 'x' },
    { kind: 'interrupt' },
  ] as const)
    assert.equal(talk.say(intent), undefined)
})

const over = (errors: string) => ({ exitCode: 1, signal: null, errors })

test('what only stderr says explains the end: a session that is not there, settings that cannot be read', () => {
  const missing = 'Error: thread/resume: thread/resume failed: no rollout found for thread id 01a1 (code -32600)'
  assert.deepEqual(driver.talk(spec).ended?.(over(`WARNING: proceeding\n${missing}\n`)), {
    reason: 'crashed',
    text: missing,
    until: null,
  })
  const config = 'Error loading config.toml: unknown variant `nonsense`'
  assert.equal(driver.talk(spec).ended?.(over(config))?.text, config)
  assert.equal(driver.talk(spec).ended?.(over('Error: Not logged in'))?.reason, 'auth')
  const recorded = '2026-11-21T08:33:31Z ERROR codex_core::session: failed to record rollout items: thread not found'
  assert.equal(driver.talk(spec).ended?.(over(recorded)), undefined)
})

test('an error that was said last explains the end of the program', () => {
  const talk = driver.talk(spec)
  for (const line of linesOf('err-limit').slice(0, -1)) talk.read(line, recordedAt)
  const end = talk.ended?.(over(''))
  assert.deepEqual([end?.reason, end?.until], ['limit', Date.UTC(2026, 10, 21, 9, 33)])
})

test('an agent’s own words are never taken for an error', () => {
  const text = 'unexpected status 401 Unauthorized; usage limit; Reconnecting... {"type":"turn.failed"}'
  const lines = linesOf('run-basic').map((line) => line.replace('"All finished"', JSON.stringify(text)))
  assert.deepEqual(told(eventsOf(driver, lines)), {
    ...nothing,
    ...captures['run-basic'],
    texts: [text],
    turns: [`done: ${text.slice(0, 40)}`],
  })
})

test('wherever lines are cut, joined or mixed with other words, no turn ends that did not', () => {
  const garbage = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json(), fc.constantFrom('\u0000', '{"', '"}'))
  for (const [capture, { turns = [] }] of Object.entries(captures)) {
    const lines = linesOf(capture)
    fc.assert(
      fc.property(
        fc.nat({ max: lines.length - 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        garbage,
        (at, share, words) => {
          const line = lines[at]!
          const cut = Math.floor(line.length * share)
          for (const pieces of [
            [line.slice(0, cut)],
            [words + line.slice(cut)],
            [line.slice(0, cut), line.slice(cut)],
            [words + line],
          ]) {
            const heard = told(eventsOf(driver, lines.toSpliced(at, 1, ...pieces))).turns
            assert.ok(heard.length <= turns.length)
            for (const turn of heard) assert.equal(turn.split(':')[0], turns[0]?.split(':')[0])
          }
        },
      ),
      { numRuns: 40 },
    )
  }
})
