import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, constantFrom, integer, property, string } from 'fast-check'
import { claudeDriver } from '../../src/drivers/claude.ts'
import { capturesOf, endsOf, fold, ofKind } from './fold.ts'

const driver = claudeDriver({ path: 'claude', args: [], env: {} })
const captures = capturesOf('claude')
const linesOf = (name: string): string[] => captures[name] ?? assert.fail(`there is no capture ${name}`)
const whole = (some: readonly string[]): number => some.filter((one) => one.includes('"type":"result"')).length
const events = (lines: readonly string[]): string => JSON.stringify(fold(driver, lines))
const names = constantFrom(...Object.keys(captures))

test('two events on one line, and words before one, are read as they were meant', () => {
  for (const [name, lines] of Object.entries(captures)) {
    const pairs = lines.flatMap((line, index) => (index % 2 === 0 ? [line + (lines[index + 1] ?? '')] : []))
    assert.equal(events(pairs), events(lines), name)
    assert.equal(events(lines.map((line) => `(node) warning {"a": 1 ${line}`)), events(lines), name)
  }
})

test('brackets and quotes inside of words do not confuse a line that is broken', () => {
  const text = String.raw`a "quoted" {"brace" and a back\slash \" {`
  const said = { type: 'assistant', message: { content: [{ type: 'text', text }] }, session_id: 's' }
  const line = JSON.stringify(said)
  assert.deepEqual(ofKind(fold(driver, [`warning: ${line}${line} and more`]), 'text'), [
    { kind: 'text', text },
    { kind: 'text', text },
  ])
})

test('an event in the middle of another one is found', () => {
  const [init = '', limit = '', ...rest] = linesOf('limit')
  const torn = linesOf('run-basic')[1] ?? ''
  const session = 'eb9670b4-ebdb-4a5f-ba49-fd63c035ce33'
  const within = limit.replaceAll(/"session_id":"[^"]*"/g, `"session_id":"${session}"`)
  const lines = [linesOf('run-basic')[0] ?? '', torn.slice(0, 90) + within + torn.slice(90)]
  assert.deepEqual(
    ofKind(fold(driver, lines), 'limit').map(({ reached }) => reached),
    [true],
  )
  assert.ok(init !== '' && rest.length > 0)
})

test('no cut, torn or strange line makes it throw, or ends a turn that has not ended', () => {
  check(
    property(names, integer({ min: 0 }), integer({ min: 0 }), string(), (name, which, where, noise) => {
      const lines = linesOf(name)
      const index = which % lines.length
      const line = lines[index] ?? ''
      const at = where % line.length
      const others = lines.filter((_, other) => other !== index)
      for (const torn of [[line.slice(0, at)], [line.slice(at + 1)], [line.slice(0, at), noise, line.slice(at + 1)]])
        assert.ok(endsOf(fold(driver, lines.toSpliced(index, 1, ...torn))).length <= whole(others))
      assert.deepEqual(endsOf(fold(driver, lines.toSpliced(index, 0, noise))), endsOf(fold(driver, lines)))
    }),
    { numRuns: 400 },
  )
})

test('what an agent writes as the input of a tool ends no turn, also where the line is cut', () => {
  const input = { type: 'result', subtype: 'success', is_error: false, result: 'fooled' }
  const content = [
    { type: 'tool_use', id: 't', name: 'Write', input },
    { type: 'text', text: JSON.stringify(input) },
  ]
  const line = JSON.stringify({ type: 'assistant', message: { content }, session_id: 's' })
  for (let at = 1; at <= line.length; at += 1) {
    assert.deepEqual(endsOf(fold(driver, [line.slice(0, at)])), [])
    assert.deepEqual(endsOf(fold(driver, [line.slice(at)])), [])
  }
})

test('strange fields mean nothing', () => {
  const strange = [
    null,
    [],
    {},
    7,
    'x',
    true,
    { content: 7 },
    { content: [null, 7, { type: 7 }, { type: 'tool_use' }] },
  ]
  for (const type of [
    'system',
    'assistant',
    'user',
    'result',
    'rate_limit_event',
    'command_lifecycle',
    'constructor',
    '__proto__',
  ])
    for (const value of strange)
      for (const field of [
        'message',
        'subtype',
        'usage',
        'model_usage_since_last_result',
        'errors',
        'rate_limit_info',
        'uuid',
      ])
        fold(driver, [JSON.stringify({ type, [field]: value })])
  assert.deepEqual(fold(driver, ['null', '[]', '7', '"x"', '{}', '{"type":null}', '', ' ', '}{']), [])
})

test('a line of ten megabytes is read in a moment, whole or cut', () => {
  const content = [{ type: 'tool_result', tool_use_id: 't', content: '{"'.repeat(5_000_000) }]
  const begun = '{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Read","input":{}}]}}'
  const line = JSON.stringify({ type: 'user', message: { content }, session_id: 's' })
  const started = performance.now()
  assert.equal(ofKind(fold(driver, [begun, line]), 'tool').length, 2)
  assert.deepEqual(fold(driver, [line.slice(0, 2 ** 20)]), [])
  assert.deepEqual(fold(driver, [line.slice(0, -1)]), [])
  assert.deepEqual(fold(driver, ['{"'.repeat(2 ** 19)]), [])
  assert.ok(performance.now() - started < 5000)
})
