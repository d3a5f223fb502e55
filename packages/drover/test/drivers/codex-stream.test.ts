import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { codexDriver } from '../../src/drivers/codex.ts'
import { eventsOf, linesOf, told } from './codex-captures.ts'

process.env['TZ'] = 'UTC' // Codex says times in this machine's zone

const driver = codexDriver({ path: 'codex', args: [], env: {} })
const nothing = { turns: [], until: [], texts: [], tools: [], retrying: [], heard: [], tokens: undefined }

const captures: Record<string, Partial<ReturnType<typeof told>>> = {
  'app-server': {
    session: '14cb',
    turns: [
      'done: fin',
      'done: fin2 (hint: HINT: tabs)',
      'done: fin3 (hint: HINT: spaces)',
      'interrupted: ',
      'done: fin4 (hint: continue)',
    ],
    texts: ['fin', 'fin2 (hint: HINT: tabs)', 'fin3 (hint: HINT: spaces)', 'fin4 (hint: continue)'],
    tools: ['shell', 'shell', 'drover.create_subtask', 'shell', 'shell', 'shell', 'shell'].flatMap((name) => [
      `${name} begins`,
      `${name} ends`,
    ]),
    heard: ['h-1', 'h-2'], // the third was accepted, and lost when the turn was interrupted
    tokens: [121060, 0, 172],
  },
  'app-server-sub-agent': {
    session: '7da3',
    turns: ['done: fin (hint: <subagent_notification> {"age'],
    texts: [
      'fin (hint: <subagent_notification> {"agent_path":"01a1ff44-2785-7993-b1e0-b640fc2a2a9c","status":{"completed":"DONE"}} </subagent_notification>)',
    ],
    tools: ['spawnAgent begins', 'spawnAgent ends', 'shell begins', 'shell ends'],
    tokens: [30049, 0, 80],
  },
  'app-server-asks-command': {
    session: 'be4a',
    turns: ['done: fin'],
    texts: ['fin'],
    tools: ['shell begins', 'shell ends', 'drover.create_subtask begins', 'drover.create_subtask ends'],
    tokens: [31624, 0, 43],
  },
  'app-server-asks-tool': {
    session: 'b30e',
    turns: ['done: fin'],
    texts: ['fin'],
    tools: ['shell begins', 'shell ends', 'drover.create_subtask begins', 'drover.create_subtask ends'],
    tokens: [34366, 0, 43],
  },
  'app-server-drop': {
    session: 'f855',
    turns: ['done: fin'],
    texts: ['fin'],
    retrying: ['overloaded'],
    tokens: [9866, 0, 2],
  },
  'app-server-limit': {
    session: 'a3b9',
    turns: ['limit: You’ve hit your usage limit. Upgrade to '],
    until: ['2026-11-21T18:57:00.000Z'],
  },
  'app-server-400': { session: '0bc8', turns: ['crashed: {"error":{"type":"invalid_request_error"'] },
  'app-server-401': { session: 'dc42', turns: ['auth: unexpected status 401 Unauthorized: Inco'], retrying: ['auth'] },
  'app-server-429': { session: 'bf0a', turns: ['overloaded: exceeded retry limit, last status: 429 T'] },
  'app-server-500': {
    session: '7ae3',
    turns: ['overloaded: We’re currently experiencing high demand'],
    retrying: ['overloaded'],
  },
  'app-server-529': {
    session: '5faf',
    turns: ['overloaded: unexpected status 529 <unknown status co'],
    retrying: ['overloaded'],
  },
  'app-server-toolong': {
    session: '5551',
    turns: ['done: fin', "context: Codex ran out of room in the model's con", 'done: ok'],
    texts: ['fin', 'ok'],
    tools: ['shell begins', 'shell ends'],
    tokens: [29937, 0, 21], // Codex itself begins to count at nothing again
  },
  'app-server-unknown-session': { session: undefined, turns: ['crashed: no rollout found for thread id 01a1fd2e-'] },
}

describe('what Codex says by app-server is understood', () => {
  for (const [capture, expected] of Object.entries(captures))
    test(capture, () => assert.deepEqual(told(eventsOf(driver, linesOf(capture))), { ...nothing, ...expected }))
})

test('a line that comes twice is heard once where it ends a turn', () => {
  const twice = linesOf('app-server').flatMap((line) => [line, line])
  assert.deepEqual(told(eventsOf(driver, twice)).turns, captures['app-server']?.turns)
})

test('read again from the first line, a conversation means the same', () => {
  const lines = linesOf('app-server')
  assert.deepEqual(eventsOf(driver, lines), eventsOf(driver, lines, {}, Date.UTC(2030, 1)))
})

const turnsIn = (lines: readonly string[]): number =>
  lines.filter((line) => /"method":"turn\/completed"/.test(line)).length

test('wherever lines are cut, joined or mixed with other words, no turn ends that did not', () => {
  const lines = linesOf('app-server')
  const garbage = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.constantFrom('\u0000', '{"', '"}', '{}'),
  )
  const place = fc.nat({ max: lines.length - 1 })
  const damaged = fc.tuple(
    place,
    fc.double({ min: 0, max: 1, noNaN: true }),
    garbage,
    fc.constantFrom('cut', 'tail', 'split', 'join'),
  )
  fc.assert(
    fc.property(fc.array(damaged, { maxLength: 6 }), (damages) => {
      const heard = [...lines]
      for (const [at, share, words, how] of damages) heard.splice(at, 1, ...damage(heard[at]!, share, words, how))
      const { turns } = told(eventsOf(driver, heard))
      assert.ok(turns.length <= turnsIn(lines))
      assert.ok(turns.every((turn) => /^(?:done|interrupted): /.test(turn)))
    }),
    { numRuns: 60 },
  )
})

function damage(line: string, share: number, words: string, how: string): string[] {
  const cut = Math.floor(line.length * share)
  if (how === 'cut') return [line.slice(0, cut)]
  if (how === 'tail') return [words + line.slice(cut)]
  return how === 'split' ? [line.slice(0, cut), words + line.slice(cut)] : [line + words + line]
}

test('a line that another was written into loses itself, not the other', () => {
  const lines = linesOf('app-server')
  const end = lines.findIndex((line) => line.includes('"method":"turn/completed"'))
  const before = lines[end - 1]!
  const mixed = lines.with(end, before.slice(0, 40) + lines[end]! + before.slice(40)).toSpliced(end - 1, 1)
  assert.deepEqual(told(eventsOf(driver, mixed)).turns, captures['app-server']?.turns)
})
