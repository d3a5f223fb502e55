import type { Fault } from '../src/app/faults.ts'
import type { Strike } from '../src/app/strike.ts'
import { chance } from '../test/support/project-of-chance.ts'
import { kinds, type Planned } from './tasks.ts'

export const actions = [
  ...(['add', 'pause', 'resume', 'cancel', 'retry', 'hint', 'edit', 'commit', 'second run', 'lock'] as const),
  ...(['bounce', 'snatch'] as const),
]
export type Action = (typeof actions)[number]

export interface Act {
  action: Action
  /** Milliseconds after the start of this life, or after drover has begun to wait at this point. */
  after: number
  when: string | null
  /** Chooses among the tasks that are there then. */
  pick: number
  /** Dies itself, at the so-many-th point that it passes. */
  dies: number | null
  /** Milliseconds that its transaction stands still before it writes. */
  slow: number
}

/** From one start of drover to its death. */
export interface Life {
  as: 'run' | 'daemon'
  faults: Fault[]
  /** When it has not died by itself. */
  untilMs: number
  /** How it is ended then. */
  end: Strike
  acts: Act[]
}

export interface Plan {
  /** How it is found again. */
  name: string
  workers: number
  /** Where the user is: on a branch of their own, on the target, or there with edits. */
  user: 'elsewhere' | 'on the target' | 'editing'
  tasks: Planned[]
  lives: Life[]
  /** When all is done, one task more, and the death that meets it: nothing that comes later covers up what is left then. */
  last: Life
}

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
    lives: Array.from({ length: 14 + dice.below(8) }, () => planLife(dice)),
    last: planLast(dice),
  }
}

/** Few deaths, but somebody comes at exactly the wrong moment: drover stands still there until they have done their worst. */
function planRush(seed: number, dice: Dice): Plan {
  const tasks = planTasks(dice, 6).map((task, n): Planned => {
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
    lives: shuffled(dice, wrongMoments).map((moment) => planRushed(dice, moment)),
    last: planLast(dice),
  }
}

const late = [
  'workspace move after',
  'workspace follow before',
  'step move checkouts done',
  'landing.landed inside',
  'step record kept',
]

const planLast = (dice: Dice): Life => lifeUntil(dice.one(late), dice.one(whats))

/** Until the first time at this point. */
export const lifeUntil = (point: string, what: Strike): Life => ({
  as: 'run',
  faults: [{ point, nth: 1, what }],
  untilMs: 1500,
  end: 'daemon',
  acts: [],
})

const standStill = (point: string, what: number, nth = 0): Fault => ({ point, nth, what })

type WrongMoment = (dice: Dice) => { faults: Fault[]; acts: Act[]; untilMs?: number }

const wrongMoments: readonly WrongMoment[] = [
  // The branch is about to move: the user commits.
  (dice) => {
    const point = dice.one(['workspace move before', 'step intend before', 'step look at checkouts kept'])
    return { faults: [standStill(point, 400, 1)], acts: [act('commit', point)] }
  },
  // The branch is about to move, or has just moved: somebody cancels.
  (dice) => {
    const point = dice.one(['workspace move before', 'workspace move after', 'step move branch kept'])
    return { faults: [standStill(point, 1000, 1)], acts: [act('snatch', point)] }
  },
  // The last agent is not gone, and its task is ready again.
  (dice) => ({
    faults: [standStill('step stop before', 1200)],
    acts: [act('bounce', null, 150 + dice.below(250)), act('bounce', null, 300 + dice.below(300))],
    untilMs: 3000,
  }),
  // Everybody wants a worktree, and somebody else wants to drive.
  (dice) => ({
    faults: [standStill('git worktree before', 60), standStill('lock before', 100)],
    acts: [act('second run', null, dice.below(150)), act('second run', null, dice.below(400))],
  }),
  // Everybody writes.
  (dice) => ({
    faults: [],
    acts: Array.from({ length: 5 }, () => ({
      ...act('add', null, dice.below(60)),
      slow: 30 + dice.below(60),
      pick: dice.random(),
    })),
  }),
  // What an agent left writes on while its work is kept and judged.
  (dice) => ({
    faults: [standStill(dice.one(['step keep kept', 'step judge before', 'step stop before']), 80)],
    acts: [],
  }),
]

const act = (action: Action, when: string | null, after = 0): Act => ({
  action,
  when,
  after,
  pick: 0.5,
  dies: null,
  slow: 0,
})

function planRushed(dice: Dice, moment: WrongMoment): Life {
  return {
    as: 'run',
    untilMs: 1400 + dice.below(1000),
    ...moment(dice),
    end: dice.one(whats),
  }
}

export type Dice = ReturnType<typeof openDice>

export function openDice(random: () => number) {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    random,
    below,
    one: <T>(from: readonly T[]): T => from[below(from.length)]!,
    often: (part: number): boolean => random() < part,
  }
}

function shuffled<T>(dice: Dice, from: readonly T[]): T[] {
  const left = [...from]
  return from.map(() => left.splice(dice.below(left.length), 1)[0]!)
}

function planTasks(dice: Dice, count: number): Planned[] {
  const planned: Planned[] = []
  for (let n = 0; n < count; n++) {
    const before = planned.map(({ id }) => id)
    const kind = dice.one([...kinds, 'shared', 'half', 'half', 'leaver', 'slow', 'talker', 'talker'] as const)
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
  }
}

const planAct = (dice: Dice): Act => ({
  action: dice.one([...actions, 'commit', 'second run', 'bounce', 'snatch'] as const),
  after: dice.below(400),
  when: null,
  slow: 0,
  pick: dice.random(),
  dies: dice.often(0.15) ? 1 + dice.below(30) : null,
})
