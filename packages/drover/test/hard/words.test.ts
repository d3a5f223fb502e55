import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeWorld, type World } from '../support/world.ts'

/** Nothing in it would be obeyed by a terminal, or turn what is read around. */
// eslint-disable-next-line no-control-regex -- they are what this is about
const unsafe = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/

const titles: Record<string, string> = {
  dashes: '-- --json --id=x',
  flag: '--help',
  quotes: `it's "quoted" \`and\` $(touch owned) \\ ; rm -rf . | cat > x`,
  emoji: '👩‍👩‍👧‍👦 und 日本語 🇩🇪 à́',
  bidi: 'user\u202Etxt.exe\u2066 and \u200Bmore',
  proto: '__proto__',
}

test('a title may be anything: it is kept, shown harmless, and lands as one line', async (t) => {
  const world = await makeWorld(t)
  for (const [id, title] of Object.entries(titles))
    await world.ok('add', '--id', id, '--run', `echo ${id} > ${id}.txt`, '--skip-validation', '--', title)
  for (const title of ['a\u001B]0;owned\u0007b', 'innocent\n\nDrover-Task: other', 'tab\there', '', ' '])
    assert.doesNotMatch(await world.refused(2, 'add', '--skip-validation', '--', title), unsafe)
  await world.run()
  for (const id of Object.keys(titles)) assert.equal(await world.status(id), 'completed')
  assert.equal((await world.task('quotes')).title, titles['quotes'])
  assert.equal((await world.task('flag')).title, '--help')
  assert.equal(world.has('owned'), false)
  for (const words of [
    ['list', '--all'],
    ['show', 'bidi'],
    ['why', 'bidi'],
    ['status'],
    ['list', '--all', '--json'],
    ['stream', '--since', '0', '--no-follow'],
    ['land', 'history'],
  ])
    assert.doesNotMatch(await world.ok(...words), unsafe, words.join(' '))
  assert.doesNotMatch(world.git('log', '--format=%s', 'main'), unsafe)
  const trailers = world.git(
    'log',
    '--format=%(trailers:key=Drover-Task,valueonly)%(trailers:key=Co-authored-by,valueonly)',
    'main',
  )
  assert.deepEqual(trailers.split('\n').filter(Boolean).toSorted(), Object.keys(titles).toSorted())
})

test('a title of 10 kB is cut or refused in words, and a description of 300 kB is kept whole', async (t) => {
  const world = await makeWorld(t)
  const long = 'x'.repeat(10_000)
  assert.match(await world.refused(2, 'add', long, '--skip-validation'), /the title .*\n\s+hint: /)
  const text = 'Zeile für Zeile\n'.repeat(18_000)
  writeFileSync(join(world.folder, 'long.md'), text)
  world.write({
    '.drover/big.jsonl': `${JSON.stringify({ type: 'task', id: 'big', title: 'Big', description: text, run: 'cat "$DROVER_FOLDER"/prompt.md "$DROVER_FOLDER"/description.md | wc -c > size.txt' })}\n`,
  })
  await world.ok('import-jsonl', '.drover/big.jsonl')
  assert.equal((await world.task('big')).description.trim(), text.trim())
  await world.run()
  assert.ok(Number(world.git('show', 'main:size.txt')) >= Buffer.byteLength(text.trim()))
  assert.ok((await world.ok('show', 'big', '--json')).length > 280_000)
})

test('a thousand needs are kept, counted, told in a page, and lifted at once', async (t) => {
  const world = await makeWorld(t)
  const needs = Array.from({ length: 1000 }, (_, n) => `n${n}`)
  await importing(world, [
    { type: 'epic', id: 'few', title: 'Only one of them' },
    ...needs.map((id) => ({ type: 'task', id, title: id, run: 'true' })),
    { type: 'task', id: 'all', title: 'needs them all', run: 'echo 1 > one.txt', blocked_by: needs, epic_id: 'few' },
  ])
  assert.deepEqual([await world.status('all'), (await world.task('all')).openNeeds], ['blocked(needs)', 1000])
  const why = await world.ok('why', 'all')
  assert.ok(why.split('\n').length < 50, 'it is a page, not a wall')
  assert.match(await world.refused(2, 'need', 'add', 'n999', 'all'), /circle: .* → /)
  assert.equal((await world.json('show', 'all')).needs?.length ?? 1000, 1000)
  await world.ok('resolve', 'all', '--note', 'they are not needed')
  await world.run(0, '--epic', 'few')
  assert.equal(await world.status('all'), 'completed')
})

async function importing(world: World, rows: readonly object[]): Promise<void> {
  world.write({ '.drover/rows.jsonl': rows.map((row) => JSON.stringify(row)).join('\n') })
  await world.ok('import-jsonl', '.drover/rows.jsonl')
}

test('an import with double keys, __proto__, a line of 10 MB or one that is no JSON is refused whole, or harmless', async (t) => {
  const world = await makeWorld(t)
  const good = '{"type":"task","id":"good","title":"good","run":"true"}'
  const refused: Record<string, [line: string, words: RegExp]> = {
    'a line that is no JSON': ['{"type":"task",', /line 2|:2/],
    'a line of 11 MB': [
      JSON.stringify({ type: 'task', id: 'huge', title: 'huge', description: 'x'.repeat(11_000_000) }),
      /line 2.*(?:long|large|MiB|MB)|:2.*(?:long|large|MiB|MB)/,
    ],
    'a list': ['[1, 2]', /line 2|:2/],
    'a nest': [
      `{"type":"task","id":"deep","title":"deep","labels":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      /line 2|:2/,
    ],
  }
  for (const [what, [line, words]] of Object.entries(refused)) {
    world.write({ '.drover/bad.jsonl': `${good}\n${line}\n` })
    const said = await world.refused(2, 'import-jsonl', '.drover/bad.jsonl')
    assert.match(said, words, what)
    assert.ok(said.length < 5000, `${what}: ${said.length} characters of words`)
    await world.refused(4, 'show', 'good')
  }
  world.write({
    '.drover/odd.jsonl': `{"type":"task","id":"first","id":"second","title":"one","title":"two","run":"true"}\n{"type":"task","id":"p","title":"p","run":"true","__proto__":{"status":"completed","polluted":true},"constructor":{"prototype":{"polluted":true}}}\n`,
  })
  const odd = await world.drover('import-jsonl', '.drover/odd.jsonl')
  assert.ok(odd.code === 0 || odd.code === 2, odd.stderr)
  if (odd.code === 0) assert.deepEqual([await world.status('second'), await world.status('p')], ['ready', 'ready'])
})
