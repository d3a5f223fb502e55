import { type Arbitrary, array, boolean, constant, nat, oneof, record } from 'fast-check'
import { machines } from './chance.ts'
import { compare, rebuildAll, retell } from './check.ts'
import { assertAllCanBeDone, assertNoneIsLost, drain } from './drain.ts'
import { type Dice, openHall, type OpenHall } from './hall.ts'
import { people } from './people.ts'

const acts = { ...people, ...machines }

/** How often each happens among a hundred or so. Work goes on most of the time, so that stories get far. */
const weights: Record<string, number> = {
  add: 8,
  addPart: 3,
  claim: 14,
  drive: 26,
  land: 14,
  pass: 6,
  sweep: 3,
  retry: 2,
}
const act = record({
  name: oneof(...Object.keys(acts).map((name) => ({ arbitrary: constant(name), weight: weights[name] ?? 1 }))),
  a: nat(63),
  b: nat(63),
  c: nat(63),
})
/** What may happen, and in which order. */
export const story: Arbitrary<Story> = record({
  acts: array(act, { minLength: 1, maxLength: 70, size: 'max' }),
  isRebuilt: boolean(),
  isFinished: boolean(),
})

interface Story {
  acts: ({ name: string } & Dice)[]
  isRebuilt: boolean
  isFinished: boolean
}

/** It happens, on a ledger of this kind. */
export async function live({ acts: all, isRebuilt, isFinished }: Story, open?: OpenHall): Promise<void> {
  const hall = await openHall(open)
  try {
    for (const [n, { name, ...dice }] of all.entries()) {
      await acts[name]!(hall, dice satisfies Dice)
      const tasks = await compare(hall)
      if (n % 8 === 7) await retell(hall, tasks)
    }
    await drain(hall)
    assertNoneIsLost(hall)
    if (isFinished) await assertAllCanBeDone(hall)
    await retell(hall, await compare(hall))
    if (isRebuilt) await rebuildAll(hall)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${hall.diary.join('\n')}\n${why}`, { cause: error })
  } finally {
    await hall.close()
  }
}
