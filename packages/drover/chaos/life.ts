import type { Fault } from '../src/app/faults.ts'
import type { Strike } from '../src/app/strike.ts'
import type { Kind, Planned } from './tasks.ts'

/** What people do while drover drives, or is dead. */
export const actions = [
  ...(['add', 'pause', 'resume', 'cancel', 'retry', 'hint', 'edit', 'commit', 'second run', 'lock'] as const),
  ...([
    'bounce',
    'snatch',
    'answer',
    'import',
    'epic',
    'release',
    'restore',
    'prune',
    'redo',
    'obstruct',
    'hand over',
  ] as const),
]
export type Action = (typeof actions)[number]

export interface Act {
  action: Action
  /** Of a task that is added. */
  kind: Kind
  /** Milliseconds after the start of this life, or after drover has begun to wait at this point. */
  after: number
  when: string | null
  /** Chooses among the tasks that are there then; `newest` is the last one that was added. */
  pick: number | 'newest'
  /** What happens to its own process. */
  faults: Fault[]
}

export const act = (action: Action, more: Partial<Act> = {}): Act => ({
  action,
  kind: 'plain',
  after: 0,
  when: null,
  pick: 0.5,
  faults: [],
  ...more,
})

/** From one start of drover to its death. */
export interface Life {
  as: 'run' | 'daemon'
  faults: Fault[]
  /** When it has not died by itself. */
  untilMs: number
  /** How it is ended then. */
  end: Strike
  acts: Act[]
  /** What people do comes one after another, and all is over as soon as somebody was struck. */
  inTurn: boolean
}

export interface Plan {
  /** How it is found again. */
  name: string
  workers: number
  /** Where the user is: on a branch of their own, on the target, or there with edits. */
  user: 'elsewhere' | 'on the target' | 'editing'
  tasks: Planned[]
  /** How `init` dies before it is done, once for each; and the first import. */
  births: { init: Fault[]; import: Fault[] }
  lives: Life[]
  /** When all is done, one task more, and the death that meets it: nothing that comes later covers up what is left then. */
  last: Life
}

/** Until the first time at this point. */
export const lifeUntil = (point: string, what: Strike, more: Partial<Life> = {}): Life => ({
  as: 'run',
  faults: [{ point, nth: 1, what }],
  untilMs: 1500,
  end: 'daemon',
  acts: [],
  inTurn: false,
  ...more,
})

export const standStill = (point: string, what: number, nth = 0): Fault => ({ point, nth, what })
