import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { command } from '../../src/cli/command.ts'
import { findCommand, guessGlobals, parseCommand } from '../../src/cli/parse.ts'
import { DroverError } from '../../src/domain/error.ts'

const greet = command({
  name: 'greet <who> [more...]',
  summary: 'A command for tests',
  options: {
    loud: { type: 'boolean', about: 'loudly' },
    'max-times': { type: 'string', short: 'n', about: 'how often' },
    label: { type: 'string', multiple: true, about: 'labels' },
    phase: { type: 'string', default: 'running', about: 'phase' },
  },
  examples: [],
  async run() {},
})

const parse = (...argv: string[]) => parseCommand('greet', greet, argv)

const named = (...argv: string[]): string | undefined => findCommand(argv).row?.name

function problem(run: () => unknown): DroverError {
  try {
    run()
  } catch (error) {
    if (error instanceof DroverError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('finding the command', () => {
  test('the first word names it, two words name one of a family', () => {
    assert.equal(named('list', '--all'), 'list')
    assert.equal(named('epic', 'add', 'x'), 'epic add')
    assert.equal(named('land', 'task-a'), 'land')
    assert.equal(named('land', 'retry', 'task-a'), 'land retry')
  })
  test('aliases mean the same', () => {
    for (const [alias, name] of Object.entries({
      ls: 'list',
      info: 'show',
      requeue: 'retry',
      'drover-daemon': 'daemon',
      'daemon-status': 'daemon status',
      'daemon-stop': 'daemon stop',
    }))
      assert.equal(named(alias), name)
  })
  test('options that work everywhere may stand in front, with their values', () => {
    assert.equal(named('-C', 'list', '--json', 'show', 'task-a'), 'show')
    assert.equal(named('--color', 'never', 'epic', '-q', 'list'), 'epic list')
    assert.deepEqual(findCommand(['-C', 'x', 'epic', '--json', 'add', 'T']).rest, ['-C', 'x', '--json', 'T'])
  })
  test('options of the command may stand in front too', () => {
    assert.equal(named('--epic', 'epic-a', 'list'), 'list')
  })
  test('a mistyped command names the near ones', () => {
    const error = problem(() => findCommand(['stauts']))
    assert.equal(error.exit, 2)
    assert.match(error.hint, /drover status/)
    assert.match(problem(() => findCommand(['epic', 'lst'])).hint, /epic list/)
  })
})

describe('reading options', () => {
  test('they may stand anywhere, and `--` ends them', () => {
    const { values, words, globals } = parse('you', '--loud', '-n3', '--json', '--', '--not-an-option')
    assert.deepEqual(
      [values['loud'], values['max-times'], words, globals.json],
      [true, '3', ['you', '--not-an-option'], true],
    )
  })
  test('one that may be repeated gathers its values; another keeps the last', () => {
    const { values } = parse('you', '--label', 'a', '--label=b', '-n', '1', '-n', '2')
    assert.deepEqual([values['label'], values['max-times'], values['phase']], [['a', 'b'], '2', 'running'])
  })
  test('a value may look like anything when it is joined, and like a text when it is not', () => {
    assert.equal(parse('you', '--max-times=-1').values['max-times'], '-1')
    assert.equal(parse('you', '--label', '- a list').words[0], 'you')
    assert.match(problem(() => parse('you', '--max-times', '--loud')).message, /looks like an option/)
  })
  for (const [name, argv, words] of [
    ['a mistyped option', ['you', '--luod'], /no option --luod/],
    ['an option of another command', ['you', '--pool-size', '2'], /no option --pool-size/],
    ['a missing value', ['you', '-n'], /-n needs a value/],
    ['a value where none belongs', ['you', '--loud=yes'], /--loud takes no value/],
    ['too few words', [], /greet needs <who>/],
    ['an unknown colour mode', ['you', '--color', 'sometimes'], /--color cannot be/],
  ] as const)
    test(`${name} is refused with exit 2`, () => {
      const error = problem(() => parse(...argv))
      assert.equal(error.exit, 2)
      assert.match(error.message, words)
    })
  test('a mistyped option names the near ones', () => {
    assert.match(problem(() => parse('you', '--max-time', '3')).hint, /--max-times/)
  })
  test('too many words are refused', () => {
    assert.match(problem(() => parseCommand('list', { name: 'list', options: {} }, ['x'])).message, /takes no words/)
  })
})

test('how an error is shown is guessed from words that may be wrong', () => {
  assert.deepEqual(guessGlobals(['nope', '--json', '--color', 'never']), { json: true, color: 'never' })
  assert.deepEqual(guessGlobals(['add', '--', '--json']), { json: false, color: 'auto' })
  assert.deepEqual(guessGlobals(['x', '--color=always']), { json: false, color: 'always' })
})
