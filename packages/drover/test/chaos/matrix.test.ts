import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Cell, cellsWith, matrix, nameOf } from '../../chaos/matrix.ts'
import { reachOf, wordsOf } from '../../chaos/reached.ts'
import { unreachable } from '../../chaos/ways.ts'
import { faultPoints, isFaultPoint } from '../../src/app/fault-points.ts'

const whats = ['daemon', 'group', 'machine']

describe('the matrix', () => {
  const cells = cellsWith('')
  const names = new Set(cells.map(nameOf))

  test('meets each named point with a death of the process, of its group and of the machine, or says why it cannot', () => {
    for (const point of faultPoints.filter((one) => !(one in unreachable)))
      for (const what of whats) assert.ok(names.has(`${point} ${what}`), `${point} ${what}`)
    for (const point of cells.map((cell) => cell.point)) assert.ok(isFaultPoint(point), point)
  })

  test('gives a reason only for points that there are, and in words', () => {
    for (const [point, why] of Object.entries(unreachable)) {
      assert.ok(faultPoints.includes(point), point)
      assert.ok(why.split(' ').length > 3, `${point}: ${why}`)
    }
  })

  test('puts each death into exactly one project', () => {
    const planned = [...{ [Symbol.iterator]: () => matrix(cells) }].flatMap(({ lives, births }) =>
      [...births.init, ...lives.map(({ faults }) => faults.at(-1)!)].map(({ point, what }) => `${point} ${what}`),
    )
    assert.deepEqual(planned.toSorted(), cells.map(nameOf).toSorted())
  })

  test('fails, and says so, where a point was never killed at', () => {
    const some = cellsWith('lock before')
    const [first, ...others] = some as [Cell, ...Cell[]]
    const all = reachOf(some, new Set(some.map(nameOf)))
    assert.deepEqual([all.never, all.unmet], [[], []])
    const most = reachOf(some, new Set([nameOf(first)]))
    assert.deepEqual([most.never, most.unmet], [[], others], 'one death of a point is enough, and the others are named')
    const none = reachOf(some, new Set(['lock after daemon']))
    assert.deepEqual(none.never, ['lock before'])
    assert.match(wordsOf(some, none).join('\n'), /NEVER KILLED AT, and no reason is given: lock before/)
  })
})
