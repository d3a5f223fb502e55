import type { Fault } from '../src/app/faults.ts'
import type { Strike } from '../src/app/strike.ts'
import { chance } from '../test/support/project-of-chance.ts'
import { openDice, shuffled, type Dice } from './dice.ts'
import { act, actions, lifeUntil, type Act, type Life, type Plan } from './life.ts'
import { planRushed, wrongMoments } from './rush.ts'
import { isTalk } from './talks.ts'
import { type Kind, kinds, type Planned } from './tasks.ts'

/** Everything that is chosen about a campaign follows from its seed. */
export function plan(seed: number): Plan {
  const dice = openDice(chance(seed))
  return seed % 4 === 3 ? planRush(seed, dice) : planDeaths(seed, dice)
}

/** Many deaths, at any moment, and a little of everything else. */
function planDeaths(seed: number, dice: Dice): Plan {
  const tasks = planTasks(dice, 6 + dice.below(6))
  return {
    name: `seed ${seed}`,
    workers: 2 + dice.below(4),
    user: dice.one(['elsewhere', 'on the target', 'on the target', 'editing'] as const),
    tasks,
    births: { init: planBirth(dice, 12), import: planBirth(dice, 40) },
    lives: Array.from({ length: 14 + dice.below(8) }, () => planLife(dice)),
    last: planLast(dice),
  }
}

/** Few deaths, but somebody comes at exactly the wrong moment. */
function planRush(seed: number, dice: Dice): Plan {
  const tasks = planTasks(dice, 6, hasty).map((task, n): Planned => {
    const kind = n < 2 ? 'half' : n === 2 ? 'leaver' : task.kind
    return {
      ...task,
      kind,
      needs: n < 4 ? [] : task.needs,
      parts: kind === 'parts' ? 1 : 0,
      takes: n > 2 ? 0.8 + dice.random() : 0,
    }
  })
  return {
    name: `seed ${seed}`,
    workers: 9, // nobody waits for a slot: whoever may start, does
    user: dice.one(['elsewhere', 'on the target', 'editing'] as const),
    tasks,
    births: { init: [], import: [] },
    lives: shuffled(dice, wrongMoments).map((moment) => planRushed(dice, moment)),
    last: planLast(dice),
  }
}

/** Who is begun dies once or not at all, anywhere. */
const planBirth = (dice: Dice, points: number): Fault[] =>
  dice.often(0.4) ? [{ point: '*', nth: 1 + dice.below(points), what: 'daemon' }] : []

const late = [
  'workspace move after',
  'workspace follow before',
  'step move checkouts done',
  'landing.landed inside',
  'step record kept',
]

const planLast = (dice: Dice): Life => lifeUntil(dice.one(late), dice.one(whats))

/** In a rush there is no time for those that rest and wait. */
const hasty = kinds.filter((kind) => kind === 'talker' || (!isTalk(kind) && kind !== 'stopper' && kind !== 'last'))

export function planTasks(dice: Dice, count: number, from: readonly Kind[] = kinds): Planned[] {
  const planned: Planned[] = []
  for (let n = 0; n < count; n++) {
    const before = planned.map(({ id }) => id)
    const kind = dice.one([...from, 'shared', 'half', 'half', 'leaver', 'slow', 'talker', 'talker'] as const)
    const width = dice.one([0, 0, 0, 1, 1, 2])
    const needs = Array.from({ length: Math.min(width, n) }, () => before[Math.max(0, n - 1 - dice.below(5))]!)
    planned.push({
      id: `t${String(n).padStart(2, '0')}`,
      kind,
      needs: [...new Set(needs)],
      parts: kind === 'parts' ? 1 + dice.below(2) : 0,
      takes: dice.often(0.3) ? dice.random() * 0.2 : 0,
    })
  }
  return planned
}

const whats: readonly Strike[] = ['daemon', 'daemon', 'group', 'group', 'machine']

/** Where a window may be open for somebody else: there drover waits a moment. */
const windows = [
  'step intend before',
  'step move branch before',
  'workspace move before',
  'workspace move after',
  'step move branch kept',
  'step record before',
  'step stop before',
  'step keep before',
  'step keep kept',
  'step merge kept',
  'step judge kept',
  'agent launch before',
  'agent launch after',
  'step gate before',
  'step look at checkouts kept',
  'workspace follow before',
  'workspace at before',
  'step leave worktree before',
]
const gits = ['update-ref', 'add', 'read-tree', 'worktree', 'merge-tree', 'checkout+clean', 'update-index+read-tree']

function planLife(dice: Dice): Life {
  const faults: Fault[] = []
  const how = dice.random()
  if (how < 0.45) faults.push({ point: '*', nth: 1 + dice.below(dice.one([60, 250, 900, 900])), what: dice.one(whats) })
  else if (how < 0.6) faults.push({ point: dice.one(windows), nth: 1 + dice.below(3), what: dice.one(whats) })
  else if (how < 0.7) {
    const point = `git ${dice.one(gits)} during`
    faults.push({ point, nth: 1 + dice.below(3), what: dice.one(['daemon', 'group', 'git', 'git', 'orphan'] as const) })
  }
  if (dice.often(0.4)) faults.push({ point: dice.one(windows), nth: 1 + dice.below(2), what: 60 + dice.below(200) })
  const acts = dice.often(0.5) ? Array.from({ length: 1 + dice.below(2) }, () => planAct(dice)) : []
  return {
    as: dice.often(0.8) ? 'run' : 'daemon',
    faults,
    untilMs: how < 0.7 ? 700 : 60 + dice.below(500),
    end: dice.one(whats),
    acts,
    inTurn: false,
  }
}

/** What costs a second and more is not done so often. */
const often = actions.filter((action) => action !== 'obstruct' && action !== 'redo')

const planAct = (dice: Dice): Act =>
  act(dice.one([...actions, ...often, 'commit', 'second run', 'bounce', 'snatch'] as const), {
    kind: dice.one(['plain', 'plain', ...kinds.filter((kind) => kind !== 'parts')] as const),
    after: dice.below(400),
    pick: dice.random(),
    faults: dice.often(0.15) ? [{ point: '*', nth: 1 + dice.below(30), what: 'daemon' }] : [],
  })
