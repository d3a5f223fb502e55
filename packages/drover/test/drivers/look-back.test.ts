import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { acpDriver } from '../../src/drivers/acp.ts'
import { claudeDriver } from '../../src/drivers/claude.ts'
import { codexDriver } from '../../src/drivers/codex.ts'
import type { Driver, Spec } from '../../src/ports/driver.ts'
import { now, of, spec } from './spec.ts'

const perhaps = ['Do "it".\n', 'It’s\tthere', 'It waits', 'It was lost']
const inItsSession = { ...spec, session: 's-1', prompt: 'Go on.', perhaps }
const words = { path: 'printf', args: [], env: {} }

/** Starts the driver's program where these lines are in its file, and returns what it printed. */
function lookBack(t: TestContext, driver: Driver, { file, lines }: { file: string; lines: unknown[] }): string[] {
  const home = mkdtempSync(join(tmpdir(), 'drover-look-back-'))
  t.after(() => rmSync(home, { recursive: true }))
  mkdirSync(dirname(join(home, file)), { recursive: true })
  writeFileSync(join(home, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const about: Spec = { ...inItsSession, folder: home }
  const { file: program, args, files = {} } = driver.spawn(about)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text)
  const ran = spawnSync(program, args, { env: { PATH: process.env['PATH'], HOME: home }, encoding: 'utf8' })
  return ran.stdout.split('\n')
}

const replies = (driver: Driver, lines: readonly string[]): string[] => {
  const talk = driver.talk(inItsSession)
  return [...talk.open(), ...lines.flatMap((line) => of(talk.read(line, now), 'reply').flatMap((event) => event.lines))]
}

test('Claude Code is told what its session’s file lacks, and what stands there only in its queue', (t) => {
  const driver = claudeDriver(words)
  const [line = ''] = lookBack(t, driver, {
    file: '.claude/projects/-w/s-1.jsonl',
    lines: [
      { type: 'user', message: { role: 'user', content: 'Do "it".' } },
      { type: 'user', message: { role: 'user', content: [{ type: 'text', text: 'first\nIt’s\tthere\nlast' }] } },
      { type: 'queue-operation', operation: 'enqueue', content: 'It waits' },
    ],
  })
  const said = replies(driver, [line]).map(
    (reply) => JSON.parse(reply) as { message: { content: string }; uuid: string },
  )
  assert.deepEqual(
    said.map(({ message, uuid }) => [message.content, uuid]),
    [['It waits\n\nIt was lost\n\nGo on.', `words-${spec.newSession}`]],
  )
})

test('Codex is told what its rollout lacks', (t) => {
  const driver = codexDriver(words)
  const text = ['Do "it".', 'It’s\tthere', 'It waits'].join('\n')
  const [line = ''] = lookBack(t, driver, {
    file: '.codex/sessions/2026/11/22/rollout-2026-11-22T00-00-00-s-1.jsonl',
    lines: [{ type: 'response_item', payload: { role: 'user', content: [{ type: 'input_text', text }] } }],
  })
  const opened = JSON.stringify({ id: 'thread', result: { thread: { id: 's-1' } } })
  assert.match(replies(driver, [line, opened]).at(-1)!, /"text":"It was lost\\n\\nGo on\."/)
})

test('an ACP agent is told what the history lacks that it tells when it loads its session', () => {
  const driver = acpDriver('any', words)
  const update = {
    sessionUpdate: 'user_message_chunk',
    content: { type: 'text', text: perhaps.slice(0, 3).join('\n') },
  }
  const lines = [
    { id: 'initialize', result: {} },
    { method: 'session/update', params: { sessionId: 's-1', update } },
    { id: 'session', result: {} },
    { id: 'told/1', error: { code: -32601, message: 'no' } },
  ].map((line) => JSON.stringify({ jsonrpc: '2.0', ...line }))
  assert.match(replies(driver, lines).at(-1)!, /"text":"It was lost\\n\\nGo on\."/)
})

test('one that begins anew looks for nothing', () => {
  for (const driver of [claudeDriver(words), codexDriver(words)])
    assert.equal(driver.spawn({ ...inItsSession, session: null }).file, 'printf')
})
