import assert from 'node:assert/strict'
import { compare } from './check.ts'
import { type Foreseen, isOver, openNeeds } from './forecast.ts'
import { advance, claim, sweepAll } from './chance.ts'
import { type Hall } from './hall.ts'
import { livingJobs } from './machines.ts'
import { people } from './people.ts'

const passing = { a: 0, b: 15, c: 0 }
const landing = { a: 0, b: 7, c: 0 }

/** Machines and agents do well from now on, until nothing can go on by itself. */
export async function drain(hall: Hall): Promise<void> {
  for (let round = 0; ; round++) {
    assert.ok(round < 400, 'it never comes to rest')
    hall.forecast.now += 100_000
    await sweepAll(hall)
    const jobs = livingJobs(hall)
    for (const job of jobs) await advance(hall, job, job.kind === 'land' ? landing : passing)
    await compare(hall)
    const isClaimed = await claim(hall, passing)
    if (jobs.length === 0 && !isClaimed) return
  }
}

/** At rest every task is over, or somebody in particular has to do something in particular. */
export function assertNoneIsLost({ forecast }: Hall): void {
  const isExcused = (task: Foreseen): boolean => {
    if (isOver(task) || task.status === 'decomposed') return true
    if (task.kind === 'subtask') return forecast.tasks.get(task.parent!)!.status !== 'completed'
    if (task.status === 'paused') return true
    if (task.status !== 'blocked' || task.reason === null) return false
    return task.reason !== 'needs' || openNeeds(forecast, task).length > 0
  }
  const lost = [...forecast.tasks.values()].filter((task) => !isExcused(task))
  assert.deepEqual(lost, [], 'nobody will ever work on them')
}

/** People answer whatever waits for them, once round; then it is the machines' turn again. */
async function answer(hall: Hall): Promise<void> {
  const tasks = [...hall.forecast.tasks.values()]
  for (const [a, task] of tasks.entries()) {
    const dice = { a, b: 0, c: 0 }
    if (task.status === 'paused') await people['resume']!(hall, dice)
    if (task.kind === 'subtask') continue
    if (task.status === 'failed' || task.status === 'cancelled') await people['retry']!(hall, dice)
    if (task.status !== 'blocked' || task.reason === 'needs') continue
    await people[task.reason === 'checkout' ? 'land' : 'resolve']!(hall, dice)
  }
}

/** What is done is to be done once more, while others already count on it. */
async function beginAgain(hall: Hall): Promise<void> {
  const done = [...hall.forecast.tasks.values()].findIndex(
    ({ kind, status }) => kind !== 'subtask' && status === 'completed',
  )
  if (done >= 0) await people['retry']!(hall, { a: done, b: 1, c: 0 })
  await compare(hall)
}

/** Whatever has happened before, people can bring all of it to its end. */
export async function assertAllCanBeDone(hall: Hall): Promise<void> {
  await beginAgain(hall)
  const open = (): Foreseen[] =>
    [...hall.forecast.tasks.values()].filter(({ kind, status }) => kind !== 'subtask' && status !== 'completed')
  // Of tasks that need each other in a row, and each of which a person lands, one is done in a round.
  for (let rounds = 4 + hall.forecast.tasks.size; rounds > 0 && open().length > 0; rounds--) {
    await answer(hall)
    await drain(hall)
  }
  assert.deepEqual(open(), [], 'these cannot be brought to their end')
}
