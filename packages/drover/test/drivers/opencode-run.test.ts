import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { opencodeRunDriver } from '../../src/drivers/opencode-run.ts'
import { fold, inShort, linesOf, of, spec, tearApart, tools } from './spec.ts'

const driver = opencodeRunDriver({ path: 'opencode', args: [], env: {} })
const over = { exitCode: 0, signal: null, errors: '' }
const failed = { ...over, exitCode: 1 }

const rows: [
  capture: string,
  how: typeof over,
  ...expected: [texts: string[], used: number[], end: string | undefined],
][] = [
  ['run-basic', over, ['I will write a file', 'All finished'], [22619, 67, 0.022753], 'done: All finished'],
  ['stdin', over, ['fin'], [14805, 23, 0.014851], 'done: fin'],
  ['mcp', over, ['fin'], [14970, 16, 0.015002], 'done: fin'],
  ['err-401', failed, [], [0, 0, 0], 'auth: Incorrect API key provided: dummy.'],
  ['err-400', failed, [], [0, 0, 0], 'crashed: scripted bad request'],
  // It made its context smaller and went on, and exits with 1 all the same.
  ['err-toolong', failed, ['ok', 'DONE'], [8033, 3, 0.008039], 'done: DONE'],
  ['err-429x2', over, ['fin'], [7360, 2, 0.007364], 'done: fin'],
  ['sigint-tool', { ...over, exitCode: 130 }, [], [0, 0, 0], 'interrupted: '],
  ['sigint-tool', failed, [], [0, 0, 0], undefined],
]

for (const [capture, how, texts, used, end] of rows)
  test(`what ${capture} said is understood, and that it ended with ${how.exitCode}`, () => {
    const talk = driver.talk(spec)
    const events = fold(talk, linesOf(`opencode-run/${capture}`))
    const short = inShort(events)
    assert.deepEqual([short.texts, short.used, short.turns], [texts, used, []])
    assert.match(short.session ?? '', /^ses_/)
    const told = talk.ended?.(how)
    assert.equal(told && `${told.reason}: ${told.text}`, end)
  })

test('one prompt is given on stdin, and nothing can be said', () => {
  const launch = driver.spawn({ ...spec, session: 'ses_1', model: 'a/b', tools })
  assert.equal(launch.stdin, 'prompt')
  const drivers = 'sh /f/opencode-run.json opencode run --format json --auto --model a/b --session ses_1'
  assert.deepEqual(launch.args.slice(2), drivers.split(' '))
  assert.ok(!driver.spawn({ ...spec, permission: 'ask' }).args.includes('--auto'))
  assert.equal(driver.talk(spec).say({ kind: 'hint', id: 'h', text: 'x' }), undefined)
})

test('drover’s words go where the user has none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-run-'))
  try {
    writeFileSync(join(folder, 'opencode-run.json'), '{"ours":1}')
    const { file, args } = opencodeRunDriver({ path: 'env', args: [], env: {} }).spawn({ ...spec, folder })
    const seen = (env: Record<string, string>) =>
      spawnSync(file, [...args.slice(0, 4), 'env'], { env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8' })
        .stdout.split('\n')
        .filter((line) => line.startsWith('OPENCODE_'))
        .toSorted()
    const ours = join(folder, 'opencode-run.json')
    assert.deepEqual(seen({}), [`OPENCODE_CONFIG=${ours}`])
    assert.deepEqual(seen({ OPENCODE_CONFIG: 'mine' }), ['OPENCODE_CONFIG=mine', 'OPENCODE_CONFIG_CONTENT={"ours":1}'])
    const both = { OPENCODE_CONFIG: 'mine', OPENCODE_CONFIG_CONTENT: '{}' }
    assert.deepEqual(seen(both), ['OPENCODE_CONFIG=mine', 'OPENCODE_CONFIG_CONTENT={}'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a tool is told when it is over: as begun and ended', () => {
  const found = of(fold(driver.talk(spec), linesOf('opencode-run/mcp')), 'tool')
  assert.deepEqual(
    found.map(({ phase, name }) => `${name} ${phase}`),
    ['drover_create_subtask begins', 'drover_create_subtask ends'],
  )
})

for (const [capture] of rows)
  test(`broken lines of ${capture} never throw`, () => tearApart(() => driver.talk(spec), `opencode-run/${capture}`))
