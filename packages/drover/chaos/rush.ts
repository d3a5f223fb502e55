import type { Fault } from '../src/app/faults.ts'
import type { Dice } from './dice.ts'
import { act, standStill, type Act, type Life } from './life.ts'

/** Somebody comes at exactly the wrong moment: drover stands still there until they have done their worst. */
type WrongMoment = (dice: Dice) => { faults: Fault[]; acts: Act[]; untilMs?: number }

export const wrongMoments: readonly WrongMoment[] = [
  // The branch is about to move: the user commits.
  (dice) => {
    const point = dice.one(['workspace move before', 'step intend before', 'step look at checkouts kept'])
    return { faults: [standStill(point, 400, 1)], acts: [act('commit', { when: point })] }
  },
  // The branch is about to move, or has just moved: somebody cancels.
  (dice) => {
    const point = dice.one(['workspace move before', 'workspace move after', 'step move branch kept'])
    return { faults: [standStill(point, 1000, 1)], acts: [act('snatch', { when: point })] }
  },
  // The last agent is not gone, and its task is ready again.
  (dice) => ({
    faults: [standStill('step stop before', 1200)],
    acts: [act('bounce', { after: 150 + dice.below(250) }), act('bounce', { after: 300 + dice.below(300) })],
    untilMs: 3000,
  }),
  // Everybody wants a worktree, and somebody else wants to drive.
  (dice) => ({
    faults: [standStill('git worktree before', 60), standStill('lock before', 100)],
    acts: [act('second run', { after: dice.below(150) }), act('second run', { after: dice.below(400) })],
  }),
  // Somebody cleans up while an attempt begins in its worktree.
  (dice) => {
    const point = dice.one(['git checkout+clean before', 'git checkout+clean after'])
    return {
      faults: [1, 2, 3].map((nth) => standStill(point, 900, nth)),
      acts: [act('prune', { when: point })],
      untilMs: 3000,
    }
  },
  // Everybody writes.
  (dice) => ({
    faults: [],
    acts: Array.from({ length: 5 }, () =>
      act('add', {
        after: dice.below(60),
        faults: [standStill('insert event before', 30 + dice.below(60), 1)],
        pick: dice.random(),
      }),
    ),
  }),
  // What an agent left writes on while its work is kept and judged.
  (dice) => ({
    faults: [standStill(dice.one(['step keep kept', 'step judge before', 'step stop before']), 80)],
    acts: [],
  }),
]

export function planRushed(dice: Dice, moment: WrongMoment): Life {
  return {
    as: 'run',
    untilMs: 1400 + dice.below(1000),
    ...moment(dice),
    end: dice.one(['daemon', 'daemon', 'group', 'group', 'machine'] as const),
    inTurn: false,
  }
}
