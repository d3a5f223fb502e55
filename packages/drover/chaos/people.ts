import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pass } from 'node:timers/promises'
import type { Wanted } from '../src/app/faults.ts'
import { strikes as ways } from '../src/app/strike.ts'
import type { Diary } from './diary.ts'
import type { Act, Plan } from './life.ts'
import { Violation } from './violation.ts'
import type { ChaosWorld } from './world.ts'

export interface Scene {
  world: ChaosWorld
  plan: Plan
  diary: Diary
  /** Tasks that people made in the course of it, the newest last. */
  added: string[]
  /** Other runs that were started beside the first. */
  others: ReturnType<ChaosWorld['start']>[]
  /** Whoever drove is dead: nobody waits for what it was to do. */
  isOver: boolean
}

/** Starts drover with these faults planted in it. */
export function startWith(world: ChaosWorld, wanted: Wanted | null, words: readonly string[]) {
  if (wanted) world.env['DROVER_FAULTS'] = JSON.stringify(wanted)
  try {
    return world.start(...words)
  } finally {
    delete world.env['DROVER_FAULTS']
  }
}

/** Expected of a command: it did it, it says that it cannot now, or that one should ask again. */
const answers = new Set([0, 4, 5, 8, 75])
const longestMs = 60_000

/** How a run may end: all is done, something waits for a person, or somebody must log in. */
export const ends: readonly (number | null)[] = [0, 8, 7]

/** What a person types. True when it was done; false when it was refused, or died as it was meant to. */
export async function say(scene: Scene, { faults }: Pick<Act, 'faults'>, ...words: string[]): Promise<boolean> {
  const { world } = scene
  const running = startWith(world, { faults: [...faults], log: world.hits }, words)
  const late = setTimeout(() => running.send('SIGKILL'), longestMs)
  const { code, signal, stdout, stderr } = await running.ended
  clearTimeout(late)
  if (signal !== null && faults.some(({ what }) => typeof what === 'string')) return false
  if (code === null || !answers.has(code) || stderr.includes('error[ledger-busy]'))
    throw new Violation('a command answers', `drover ${words.join(' ')}: ${code ?? signal}\n${stdout}${stderr}`)
  return code === 0
}

export const hitsOf = (world: ChaosWorld): string[] =>
  existsSync(world.hits) ? readFileSync(world.hits, 'utf8').split('\n').filter(Boolean) : []

const struck = new RegExp(`^! (.*) \\d+ (${ways.join('|')})$`)

/** Where somebody was struck, and how: `task.passed inside machine`. */
export const strikesIn = (world: ChaosWorld): string[] =>
  hitsOf(world).flatMap((line) => {
    const [, point, what] = struck.exec(line) ?? []
    return point === undefined ? [] : [`${point} ${what}`]
  })

const mostMs = 1500

/** Until drover begins to wait at this point; false when it does not come there. */
export async function waitsAt({ world }: Scene, point: string): Promise<boolean> {
  const times = (): number => hitsOf(world).filter((line) => line.startsWith(`! ${point} `)).length
  const before = times()
  return soon(() => (times() > before ? true : undefined), mostMs).then((found) => found === true)
}

/** What is found before long; nothing when it does not come to it. */
export async function soon<T>(
  look: () => T | undefined | Promise<T | undefined>,
  withinMs: number,
): Promise<T | undefined> {
  for (const deadline = performance.now() + withinMs; ; await pass(5)) {
    const found = await look()
    if (found !== undefined || performance.now() > deadline) return found
  }
}
