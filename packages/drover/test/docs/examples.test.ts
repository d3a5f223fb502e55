import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { anchorsOf, clone, documentsIn, examplesOf, isAsSaid, linksOf, readDocument, withoutFences } from './markdown.ts'
import { readersWorld } from './world.ts'

const tried = ['README.md', ...documentsIn('docs/guide'), 'docs/reference/json.md']
const all = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'packages/drover/README.md', ...documentsIn('docs')]

describe('what a document tells people to type works, in its order', () => {
  for (const path of tried)
    test(path, async (t) => {
      const type = readersWorld(t)
      for (const example of examplesOf(readDocument(path)).examples) {
        const { line, script, exit, output, todo } = example
        await t.test(`line ${line}: ${script.split('\n', 1)[0]}`, { todo }, () => {
          const { code, out } = type(example)
          assert.equal(code, exit, `${script}\n${out}`)
          if (output !== undefined && !isAsSaid(out, output)) assert.equal(out, output)
        })
      }
    })

  test('and hardly anything is only to be believed', () => {
    const notRun = tried.map((path) => examplesOf(readDocument(path)).notRun).reduce((a, b) => a + b)
    assert.ok(notRun <= 2, `${notRun} blocks are not run`)
  })
})

test('… stands for anything within a line, and alone for any lines', () => {
  const came = 'one 1\ntwo 2\nthree 3\n'
  for (const said of ['one 1\ntwo 2\nthree 3', 'one …\ntwo 2\nthree …', '…', 'one 1\n…', '…\nthree 3', 'one 1\n…\nthree 3', 'o…1\n…'])
    assert.ok(isAsSaid(came, said), said)
  for (const said of ['one 1\ntwo 2', 'one 2\n…', '…\ntwo 2', 'one 1\nthree 3', 'one …\nthree 3', 'one 1\n\ntwo 2\nthree 3'])
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
    for (const [, name] of withoutFences(readDocument(path)).matchAll(/`((?:[\w.-]+\/)+[\w.-]*)`/g)) {
      if (name!.startsWith('.drover/') || name!.startsWith('refs/') || name!.startsWith('drover/')) continue
      const places = ['', 'packages/drover/', 'packages/drover/src/'].map((place) => join(clone, place, name!))
      assert.ok(places.some((place) => existsSync(place)), `${path} names ${name}, which is not there`)
    }
})

test('no document tells of somebody’s machine', () => {
  for (const path of all) assert.doesNotMatch(readDocument(path), /\/(?:home|Users|root|work|tmp)\/(?!drover-demo)\w/, path)
})
