import { faultPoints } from '../src/app/fault-points.ts'
import type { Strike } from '../src/app/strike.ts'
import { lifeUntil, plan, type Act, type Plan } from './plan.ts'
import type { Planned } from './tasks.ts'

/** Git operations that change something, which are ended themselves as well. */
const gits = [
  'hash-object',
  'update-ref',
  'worktree',
  'add',
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

interface Cell {
  point: string
  what: Strike
}

/** The points with this word in their name: each is met with a death of the process, of its group and of the machine; git itself dies too. */
export function* matrix(word: string): Iterator<Plan> {
  const cells: Cell[] = [
    ...[...faultPoints, ...statements].flatMap((point) =>
      (['daemon', 'group', 'machine'] as const).map((what) => ({ point, what })),
    ),
    ...gits.flatMap((git) =>
      (['daemon', 'group', 'git', 'orphan'] as const).map((what) => ({ point: `git ${git} during`, what })),
    ),
  ]
  const wanted = cells.filter(({ point, what }) => `${point} ${what}`.includes(word))
  // Ten deaths in one project: each costs a start, not a project.
  for (let from = 0; from < wanted.length; from += lives)
    yield {
      ...plan(from),
      name: `matrix ${from}`,
      user: 'on the target',
      workers: 4,
      tasks,
      last: lifeUntil(wanted[from]!.point, 'daemon'),
      lives: wanted
        .slice(from, from + lives)
        .map(({ point, what }) => ({ ...lifeUntil(point, what), acts: [newTask] })),
    }
}

const newTask: Act = { action: 'add', when: null, after: 0, pick: 0, dies: null, slow: 0 }
const lives = 10
