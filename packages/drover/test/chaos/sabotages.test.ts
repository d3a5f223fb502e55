import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lostEdits } from '../../chaos/bundle.ts'
import { plan } from '../../chaos/plan.ts'
import { sabotages } from '../../chaos/sabotages.ts'

describe('the crash harness', () => {
  test('has ten sabotages and more, each with a name of its own', () => {
    assert.ok(sabotages.length >= 10)
    assert.equal(new Set(sabotages.map(({ name }) => name)).size, sabotages.length)
  })

  for (const sabotage of sabotages)
    test(`knows where to break drover: ${sabotage.name}`, () => assert.deepEqual(lostEdits(sabotage), []))

  test('sees that a place for a sabotage is gone, or is there twice', () => {
    const edits = [
      { file: 'workspace/move.ts', find: 'this stands nowhere', replace: '' },
      { file: 'workspace/move.ts', find: 'const', replace: '' },
    ]
    assert.equal(lostEdits({ name: 'lost', breaks: '', shows: 'rush', edits }).length, 2)
  })

  test('plans the same campaign from the same seed, and another one from another', () => {
    for (let seed = 0; seed < 50; seed++) {
      assert.deepEqual(plan(seed), plan(seed))
      assert.notDeepEqual(plan(seed), { ...plan(seed + 4), name: plan(seed).name })
    }
  })
})
