import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import {
  anchorsOf,
  clone,
  documentsIn,
  type Example,
  examplesOf,
  isAsSaid,
  linksOf,
  readDocument,
  withoutFences,
} from './markdown.ts'
import { readersWorld } from './world.ts'

const tried = ['README.md', ...documentsIn('docs/guide'), 'docs/reference/json.md']
const all = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'packages/drover/README.md',
  ...documentsIn('docs'),
]

describe('what a document tells people to type works, in its order', () => {
  for (const path of tried)
    test(path, async (t) => {
      const type = readersWorld(t)
      for (const example of examplesOf(readDocument(path)).examples) {
        await t.test(`line ${example.line}: ${example.script.split('\n', 1)[0]}`, (here) => {
          const problem = problemWith(example, type(example))
          if (!example.todo) return assert.ok(problem === undefined, problem ?? '')
          assert.ok(problem, 'it works now: take the word todo away')
          here.todo('known not to work yet')
        })
      }
    })

  test('and hardly anything is only to be believed', () => {
    const notRun = tried.map((path) => examplesOf(readDocument(path)).notRun).reduce((a, b) => a + b)
    assert.ok(notRun <= 2, `${notRun} blocks are not run`)
  })
})

function problemWith({ script, exit, output }: Example, { code, out }: { code: number | null; out: string }) {
  if (code !== exit) return `it ended with ${code}, not ${exit}:\n${script}\n--- said\n${out}`
  if (output !== undefined && !isAsSaid(out, output)) return `it said\n${out}\n--- and not\n${output}`
  return undefined
}

test('… stands for anything within a line, and alone for any lines', () => {
  const came = 'one 1\ntwo 2\nthree 3\n'
  for (const said of [
    'one 1\ntwo 2\nthree 3',
    'one …\ntwo 2\nthree …',
    '…',
    'one 1\n…',
    '…\nthree 3',
    'one 1\n…\nthree 3',
    'o…1\n…',
  ])
    assert.ok(isAsSaid(came, said), said)
  for (const said of [
    'one 1\ntwo 2',
    'one 2\n…',
    '…\ntwo 2',
    'one 1\nthree 3',
    'one …\nthree 3',
    'one 1\n\ntwo 2\nthree 3',
  ])
    assert.ok(!isAsSaid(came, said), said)
})

describe('a link leads somewhere', () => {
  for (const path of all)
    test(path, () => {
      for (const link of linksOf(readDocument(path))) {
        const [to = '', anchor] = link.split('#')
        const target = to === '' ? path : join(dirname(path), to)
        assert.ok(existsSync(join(clone, target)), `${link} leads nowhere`)
        if (anchor) assert.ok(anchorsOf(readDocument(target)).includes(anchor), `${link}: there is no such heading`)
      }
    })
})

test('a file or folder that a document names is there', () => {
  for (const path of ['ARCHITECTURE.md', 'CONTRIBUTING.md'])
    for (const [, name] of withoutFences(readDocument(path)).matchAll(/`((?:[\w.-]+\/)+(?:[\w.-]+\.\w+)?)`/g)) {
      if (name!.startsWith('.drover/') || name!.startsWith('refs/') || name!.startsWith('drover/')) continue
      const places = ['', 'packages/drover/', 'packages/drover/src/'].map((place) => join(clone, place, name!))
      assert.ok(
        places.some((place) => existsSync(place)),
        `${path} names ${name}, which is not there`,
      )
    }
})

test('a function that the tour names is in that file', () => {
  for (const [, name, file] of readDocument('ARCHITECTURE.md').matchAll(/`(\w+)` in `([\w./-]+\.ts)`/g))
    assert.match(readDocument(`packages/drover/src/${file}`), new RegExp(`\\b${name}\\b`), `${name} is not in ${file}`)
})

test('no document tells of somebody’s machine', () => {
  for (const path of all)
    assert.doesNotMatch(readDocument(path), /\/(?:home|Users|root|work|tmp)\/(?!drover-demo)\w/, path)
})
