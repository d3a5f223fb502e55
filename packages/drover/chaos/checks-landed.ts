import assert from 'node:assert/strict'
import type { Task } from '../src/domain/task.ts'
import { assertLandedOnce, landedOn } from '../test/support/invariants.ts'
import type { ChaosWorld } from './world.ts'

/** A task stands on the branch once, and once more each time that it was opened again after it had landed. */
export async function assertLanded(world: ChaosWorld, tasks: readonly Task[]): Promise<void> {
  const landings = Map.groupBy(await world.all('landing.landed'), ({ task }) => task)
  const reopened = await world.all('task.reopened')
  const again = new Set(
    reopened.flatMap(({ task, seq }) => (landings.get(task)?.some((one) => one.seq < seq) ? [task] : [])),
  )
  await assertLandedOnce(
    world,
    tasks.filter(({ id }) => !again.has(id)),
  )
  const on = landedOn(world)
  for (const task of again) {
    const told = landings.get(task)!.map(({ data }) => data.commit)
    const there = on.filter((one) => one.tasks.includes(task!)).map(({ commit }) => commit)
    const chances = 1 + reopened.filter((one) => one.task === task).length
    assert.deepEqual(there, told, `where ${task} has landed`)
    assert.ok(there.length <= chances, `${task} has landed ${there.length} times, and may ${chances}`)
  }
}
