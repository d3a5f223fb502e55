import { DroverError } from '../domain/error.ts'
import type { Task } from '../domain/task.ts'
import type { Crew } from './crew.ts'

/** Lets tasks land that only a checkout stood in the way of, once it is out of the way. Looks without a word; only what changed is told. */
export async function liftCheckouts(crew: Crew): Promise<number> {
  const waiting = await crew.reading.resting('checkout')
  let lifted = 0
  for (const task of waiting) if (await isFree(crew, task)) lifted += await lift(crew, task)
  return lifted
}

/** The landing that was refused, looked at once more. When the branch has moved since, it is simply tried again. */
async function isFree({ reading, workspace, here }: Crew, task: Task): Promise<boolean> {
  const refused = (await reading.landings(task.id)).findLast((landing) => landing.attempt === task.attempt)
  if (!refused?.tip || !refused.commit || refused.tip !== (await workspace.tip(here.target))) return true
  try {
    return (await workspace.blockers(here.target, refused.tip, refused.commit)).length === 0
  } catch (error) {
    // Nothing holds a refused commit, so `git gc` may have taken it: it is built anew.
    if (error instanceof DroverError && error.code === 'git') return true
    throw error
  }
}

async function lift({ ledger, here }: Crew, task: Task): Promise<number> {
  const data = { how: 'checkout', note: 'the checkout is out of the way', resets: false, fresh: false } as const
  const request = `${task.id}/${task.attempt}/lift/${task.landings}`
  const said = await ledger.append([{ type: 'task.unblocked', task: task.id, attempt: task.attempt, data }], {
    kind: 'machine',
    name: here.machine,
    request,
  })
  return said.outcome === 'appended' ? 1 : 0
}
