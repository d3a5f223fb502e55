import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { wordsWanted } from '../../src/cli/command.ts'
import { globalOptions } from '../../src/cli/globals.ts'
import { commandPage, overview, type Page } from '../../src/cli/help.ts'
import { table } from '../../src/cli/table.ts'
import { widthOf } from '../../src/cli/width.ts'

const page: Page = { table, width: 80, paint: (_, text) => text }

describe('the first page', () => {
  const lines = overview(page)
  test('begins with three examples, then the groups in their order', () => {
    assert.deepEqual(
      lines.slice(2, 5).map((line) => line.trim().split(' ').slice(0, 2).join(' ')),
      ['drover init', 'drover add', 'drover run'],
    )
    const groups = lines.filter((line) => /^[A-Z][a-z]+$/.test(line))
    assert.deepEqual(groups, ['Setup', 'Tasks', 'Run', 'Intervene', 'Inspect', 'Land', 'Everywhere'])
  })
  test('16: lists every command', () => {
    for (const name of ['add', 'list', 'status', 'cancel', 'retry', 'summary', ...table.map((row) => row.name)])
      assert.ok(
        lines.some((line) => line.trim().startsWith(`${name} `)),
        name,
      )
  })
  test('fits into 80 columns', () => {
    for (const line of lines) assert.ok(widthOf(line) <= 80, line)
  })
})

describe('every command', () => {
  for (const row of table)
    test(`${row.name}: its page fits, documents every option, and says what the table says`, async () => {
      const command = await row.load()
      const lines = commandPage(row, command, page)
      for (const line of lines)
        assert.ok(widthOf(line) <= 80 || line.startsWith('  drover') || line.startsWith('  git'), line)
      assert.equal(command.summary, row.summary)
      assert.equal(command.name.replace(/ [<[].*$/, ''), row.name)
      assert.ok(command.examples.length > 0, 'it has no example')
      for (const [name, option] of Object.entries(command.options)) {
        assert.ok(option.about !== '', `--${name} is not documented`)
        assert.ok(
          lines.some((line) => line.includes(`--${name}`)),
          `--${name} is not shown`,
        )
        assert.ok(!(name in globalOptions), `--${name} works everywhere already`)
      }
      const shorts = [...Object.values(globalOptions), ...Object.values(command.options)].flatMap((option) =>
        'short' in option ? [option.short] : [],
      )
      assert.equal(new Set(shorts).size, shorts.length, `a short option means two things: ${shorts.join(' ')}`)
    })
  test('no name or alias means two commands', () => {
    const names = table.flatMap((row) => [row.name, ...(row.aliases ?? [])])
    assert.equal(new Set(names).size, names.length)
  })
})

test('how many words a command takes stands in its name', () => {
  assert.deepEqual(wordsWanted('pause <task...>'), { least: 1, most: Infinity, shown: ['<task...>'] })
  assert.deepEqual(wordsWanted('status [task]'), { least: 0, most: 1, shown: ['[task]'] })
  assert.deepEqual(wordsWanted('summary'), { least: 0, most: 0, shown: [] })
})
