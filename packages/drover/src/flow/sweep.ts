import { landingJob } from './drive-task.ts'
import { settle } from '../domain/settle.ts'
import type { Crew } from './crew.ts'
import { rulesFor } from './rules.ts'

/** Keeps tasks and jobs in step: who lands has a landing job, who works has a living one, who moved on is told. */
export async function sweep(crew: Crew): Promise<number> {
  const { tasks, jobs } = await crew.records.strays()
  for (const job of jobs) crew.runtime.cancel(job.id)
  for (const task of tasks) {
    if (task.status === 'landing') await startLanding(crew, task)
    else await giveUp(crew, task)
  }
  if (tasks.length > 0) crew.runtime.poke()
  return tasks.length
}

async function startLanding(
  crew: Crew,
  { id, attempt, landings }: { id: string; attempt: number; landings: number },
): Promise<void> {
  await crew.ledger.transact(() => crew.runtime.start(landingJob(crew, id, attempt, landings)))
}

/** An attempt that no job stands for cannot end by itself. */
async function giveUp(crew: Crew, { id, attempt }: { id: string; attempt: number }): Promise<void> {
  const task = await crew.reading.task(id)
  if (!task || task.attempt !== attempt) return
  const events = settle(
    task,
    { kind: 'broken', reason: 'lost', error: 'no job stood for this attempt' },
    rulesFor(crew, task),
    crew.clock.now(),
  )
  await crew.ledger.append(events, { kind: 'machine', name: crew.here.machine, request: `${id}/${attempt}/lost` }, () =>
    crew.records.end(id, attempt, crew.clock.now()),
  )
}
