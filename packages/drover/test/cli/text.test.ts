import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assert as always, nat, property, string } from 'fast-check'
import { isColored } from '../../src/cli/color.ts'
import { columns } from '../../src/cli/columns.ts'
import { escaped, escapedLines, safeJson } from '../../src/cli/escape.ts'
import { setInToml } from '../../src/cli/set-in-toml.ts'
import type { TerminalFacts } from '../../src/cli/terminal.ts'
import { ago, lasting, roughly } from '../../src/cli/time.ts'
import { fit, padded, widthOf, wrap } from '../../src/cli/width.ts'

describe('width', () => {
  for (const [text, width] of [
    ['plain', 5],
    ['日本', 4],
    ['🐂', 2],
    ['⏸️', 2],
    ['👩‍👩‍👧', 2],
    ['e\u0301', 1],
    ['🇩🇪', 2],
    ['—…é', 3],
  ] as const)
    test(`${text} takes ${width} columns`, () => assert.equal(widthOf(text), width))
  test('what is fitted never is too wide, and keeps what fits', () => {
    always(
      property(string({ unit: 'grapheme' }), nat(40), (text, width) => widthOf(fit(text, width)) <= Math.max(width, 0)),
    )
    assert.equal(fit('日本語です', 5), '日本…')
    assert.equal(fit('short', 5), 'short')
    assert.equal(padded('日', 4), '日  ')
  })
  test('words wrap, and a long word has a line of its own', () => {
    assert.deepEqual(wrap('a bc defghijk l', 4), ['a bc', 'defghijk', 'l'])
  })
})

describe('somebody else’s words', () => {
  test('cannot act on the terminal', () => {
    assert.equal(escaped('a\u001B[2Jb\u0007\r\n\u202Ec\u009B'), 'a\\e[2Jb\\x07\\r\\n\\u{202e}c\\x9b')
    assert.equal(escaped('fine — ünï 日本 👩‍👩‍👧'), 'fine — ünï 日本 👩‍👩‍👧')
    always(property(string({ unit: 'binary' }), (text) => !/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u.test(escaped(text))))
  })
  test('lose their colours but keep their lines', () => {
    assert.deepEqual(escapedLines('\u001B[31mred\u001B[0m\r\n\tx\u0000'), ['red', '    x\\x00'])
  })
  test('in JSON are the same value, and still cannot act', () => {
    const value = { title: 'a\u001B[2J\u202E\u009B\uFEFF' }
    assert.deepEqual(JSON.parse(safeJson(value)), value)
    always(
      property(
        string({ unit: 'binary' }),
        (text) => JSON.parse(safeJson(text)) === text && !/[\u007F-\u009F\u202A-\u202E]/.test(safeJson(text)),
      ),
    )
  })
})

test('a table shrinks its soft column until it fits', () => {
  const shape = [{ head: 'ID' }, { head: 'N', align: 'right' }, { head: 'TITLE', shrinks: true }] as const
  const rows = [
    ['task-a', '1', 'A rather long title for a task'],
    ['b', '10', 'x'],
  ]
  assert.deepEqual(columns(shape, rows, { width: 24, heads: true }), [
    'ID       N  TITLE',
    'task-a   1  A rather lo…',
    'b       10  x',
  ])
  assert.deepEqual(columns(shape, [], { width: 24, heads: true }), [])
  assert.deepEqual(
    columns(shape, rows, { width: Infinity, heads: false })[0],
    'task-a   1  A rather long title for a task',
  )
})

describe('colour', () => {
  const facts: TerminalFacts = { noColor: false, forceColor: false, term: 'xterm', ci: false, columns: undefined }
  const [tty, pipe] = [{ isTTY: true, write: () => true }, { write: () => true }]
  for (const [name, mode, given, output, colored] of [
    ['a terminal has it', 'auto', {}, tty, true],
    ['a pipe has not', 'auto', {}, pipe, false],
    ['a dumb terminal has not', 'auto', { term: 'dumb' }, tty, false],
    ['FORCE_COLOR gives it to a pipe', 'auto', { forceColor: true }, pipe, true],
    ['NO_COLOR is stronger than FORCE_COLOR', 'auto', { noColor: true, forceColor: true }, tty, false],
    ['--color always is stronger than NO_COLOR', 'always', { noColor: true }, pipe, true],
    ['--color never is stronger than FORCE_COLOR', 'never', { forceColor: true }, tty, false],
  ] as const)
    test(name, () => assert.equal(isColored(mode, { ...facts, ...given }, output), colored))
})

test('times are said in two units, estimates in one', () => {
  assert.deepEqual([0, 59_400, 61_000, 3_600_000, 90_061_000].map(lasting), ['0s', '59s', '1m 1s', '1h', '1d 1h'])
  assert.deepEqual([30, 600, 9000].map(roughly), ['about a minute', 'about 10 minutes', 'about 2.5 hours'])
  assert.equal(ago(1000, 1200), 'just now')
})

describe('config set', () => {
  const before = '# top\n# workers = 4   # how many\n\n[land]\n# gate = ""\nauto = true # yes\n'
  test('writes beneath the commented default and leaves the rest', () => {
    assert.equal(
      setInToml(before, 'workers', 8),
      '# top\n# workers = 4   # how many\nworkers = 8\n\n[land]\n# gate = ""\nauto = true # yes\n',
    )
    assert.match(setInToml(before, 'land.gate', 'npm test'), /# gate = ""\ngate = "npm test"\nauto/)
  })
  test('replaces what was set', () => {
    assert.match(setInToml(before, 'land.auto', false), /\nauto = false\n$/)
  })
  test('makes the table where there is none', () => {
    assert.equal(setInToml('', 'git.name', 'A "B"'), '[git]\nname = "A \\"B\\""\n')
    assert.equal(
      setInToml('workers = 2\n', 'land.protected', ['a', 'b']),
      'workers = 2\n\n[land]\nprotected = ["a","b"]\n',
    )
  })
})
