import { faultPoints } from '../src/app/fault-points.ts'
import type { Strike } from '../src/app/strike.ts'
import { lifeUntil, type Life, type Plan } from './life.ts'
import { plan } from './plan.ts'
import type { Planned } from './tasks.ts'
import { isBirth, unreachable, waysTo, type Way } from './ways.ts'

/** Git operations that change something, which are ended themselves as well. */
const gits = [
  'hash-object',
  'update-ref',
  'worktree',
  'checkout+clean',
  'update-index+read-tree',
  'merge-tree+diff-tree',
]

/** Between the statements of one transaction. */
const statements = [
  'insert event after',
  'update task before',
  'insert attempt after',
  'insert job before',
  'insert step before',
]

const task = (id: string, kind: Planned['kind'], needs: string[] = [], parts = 0): Planned => ({
  id,
  kind,
  needs,
  parts,
  takes: 0,
})

/** A little of everything, so that most points are passed. */
const tasks: Planned[] = [
  task('t00', 'plain'),
  task('t01', 'half'),
  task('t02', 'half'),
  task('t03', 'shared'),
  task('t04', 'shared', ['t00']),
  task('t05', 'parts', [], 2),
  task('t06', 'leaver', ['t00']),
  task('t07', 'once'),
  task('t08', 'reported'),
  task('t09', 'slow'),
]

/** One death: where, who, and on which way one comes there. */
export interface Cell {
  point: string
  what: Strike
  way: Way
}

export const nameOf = ({ point, what }: Cell): string => `${point} ${what}`

/** Those with this word in their name: each point is met with a death of the process, of its group and of the machine; git itself dies too. */
export function cellsWith(word: string): Cell[] {
  const cells = [
    ...[...faultPoints, ...statements].flatMap((point) =>
      (['daemon', 'group', 'machine'] as const).flatMap((what) => waysTo(point).map((way) => ({ point, what, way }))),
    ),
    ...gits.flatMap((git) =>
      (['daemon', 'group', 'git', 'orphan'] as const).map((what) => {
        const point = `git ${git} during`
        return { point, what, way: waysTo(point)[0]! }
      }),
    ),
  ]
  return cells.filter((cell) => nameOf(cell).includes(word) && !(cell.point in unreachable))
}

/** Some deaths in one project: each costs a start, not a project. */
const lives = 10

export function* matrix(cells: readonly Cell[], start = 0): Iterator<Plan> {
  const [births, others] = [cells.filter(({ point }) => isBirth(point)), cells.filter(({ point }) => !isBirth(point))]
  const faultOf = ({ point, what }: Cell) => ({ point, nth: 1, what })
  for (let from = start; from < Math.max(others.length, 1); from += lives) {
    const some = others.slice(from, from + lives)
    const first = some[0] ?? births[0]
    if (!first) return
    yield {
      ...plan(0),
      name: `matrix ${from} (${nameOf(first)})`,
      user: 'on the target',
      workers: 4,
      tasks,
      births: { init: from === 0 ? births.map(faultOf) : [], import: [] },
      last: lifeUntil(first.point, 'daemon'),
      lives: some.map(lifeOf),
    }
  }
}

function lifeOf({ point, what, way }: Cell): Life {
  const fault = { point, nth: 1, what }
  return lifeUntil(point, what, {
    faults: [...(way.faults ?? []), fault],
    acts: way.acts.map((one) => (way.dies === 'anybody' ? { ...one, faults: [fault] } : one)),
    // Who has lost a git goes on, and must come through.
    inTurn: !way.atOnce && what !== 'git',
    end: what === 'git' || what === 'orphan' ? 'daemon' : what,
    untilMs: what === 'git' ? 1500 : 12_000,
  })
}
