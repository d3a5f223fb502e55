import { chance } from '../../test/support/project-of-chance.ts'
import { openDice, type Dice } from '../dice.ts'
import { planTasks } from '../plan.ts'
import type { Kind, Planned } from '../tasks.ts'

/** What happens to machines, to their lines, and to the database. */
export const deeds = [
  'kill daemon',
  'kill group',
  'kill machine',
  'freeze daemon',
  'freeze machine',
  'blink',
  'stop',
  'crash server',
  'cut',
  'hang',
  'lose replies',
  'lose commits',
  'commit',
] as const
export type DeedName = (typeof deeds)[number]

export interface Deed {
  what: DeedName
  /** Which machine; another one, while that one is not itself. */
  on: number
  /** Milliseconds after the deed before it began. */
  after: number
  /** In leases. */
  lasts: number
}

export interface MachinesPlan {
  /** How it is found again. */
  name: string
  machines: number
  workers: number
  leaseMs: number
  /** Each machine has a table of processes of its own, so that nobody can see whether another one's are gone. */
  apart: boolean
  tasks: Planned[]
  deeds: Deed[]
}

export interface Size {
  machines: number
  tasks: number
  deeds: number
}

/** Everything that is chosen about a campaign follows from its seed. */
export function planMachines(seed: number, { machines, tasks, deeds: count }: Size): MachinesPlan {
  const dice = openDice(chance(seed))
  return {
    name: `seed ${seed}`,
    machines,
    workers: 2,
    leaseMs: dice.one([3_000, 4_000, 5_000]),
    apart: seed % 3 !== 0,
    tasks: planTasks(dice, tasks, kinds).map((task) => ({ ...task, takes: dice.random() * 2.5 })),
    deeds: Array.from({ length: count }, () => planDeed(dice, machines)),
  }
}

/** Those that need nobody, wherever they come to be done; agents that are talked to are among them. */
const kinds: readonly Kind[] = ['plain', 'commits', 'slow', 'shared', 'half', 'once', 'reported', 'idle']

const often = deeds.filter((deed) => deed.startsWith('kill') || deed.startsWith('freeze'))

function planDeed(dice: Dice, machines: number): Deed {
  const what = dice.one([...deeds, ...often])
  return { what, on: dice.below(machines), after: 200 + dice.below(1_800), lasts: lastsOf(what, dice) }
}

/** Who is frozen is so for longer than the lease; the rest may be over before or after it. */
const lastsOf = (what: DeedName, dice: Dice): number =>
  what.startsWith('freeze') ? 1.2 + dice.random() * 0.8 : what === 'blink' ? dice.random() * 0.6 : dice.random() * 1.5
