import { landingJob } from './drive-task.ts'
import type { NewEvent } from '../domain/event.ts'
import { jobId, runId } from '../domain/id.ts'
import { settle, tookItsMachine } from '../domain/settle.ts'
import type { Task } from '../domain/task.ts'
import type { Crew } from './crew.ts'
import { rulesFor } from './rules.ts'

/** Keeps tasks and jobs in step: who lands has a landing job, who works has a living one, who moved on is told. */
export async function sweep(crew: Crew): Promise<number> {
  const { tasks, jobs } = await crew.records.strays()
  for (const job of jobs) crew.runtime.cancel(job.id)
  for (const task of tasks) {
    const deaths = await crew.runtime.deaths(jobOf(crew, task))
    if (deaths !== undefined) await setAside(crew, task, deaths)
    else if (task.status === 'landing') await startLanding(crew, task)
    else await giveUp(crew, task)
  }
  if (tasks.length > 0) crew.runtime.poke()
  return tasks.length
}

type Stray = Awaited<ReturnType<Crew['records']['strays']>>['tasks'][number]

const jobOf = (crew: Crew, { id, attempt, landings, status }: Stray): string =>
  status === 'landing' ? landingJob(crew, id, attempt, landings).id : jobId(id, attempt)

async function startLanding(crew: Crew, { id, attempt, landings }: Stray): Promise<void> {
  await crew.ledger.transact(() => crew.runtime.start(landingJob(crew, id, attempt, landings)))
}

/** An attempt that no job stands for cannot end by itself. */
const giveUp = (crew: Crew, stray: Stray): Promise<void> => {
  const end = { kind: 'broken', reason: 'lost', error: 'no job stood for this attempt' } as const
  return settleLost(crew, stray, (task) => settle(task, end, rulesFor(crew, task), crew.clock.now()))
}

/** What it left on this machine ends first: it would go on doing what its machines died of. */
async function setAside(crew: Crew, stray: Stray, deaths: number): Promise<void> {
  const { here, system, settings } = crew
  const mark = runId(here.project, stray.id, stray.attempt)
  await system.end({ folder: here.folderOf(stray.id, stray.attempt), mark, graceMs: settings.stop_grace })
  await settleLost(crew, stray, (task) => tookItsMachine(task, deaths))
}

async function settleLost(crew: Crew, { id, attempt }: Stray, eventsFor: (task: Task) => NewEvent[]): Promise<void> {
  const task = await crew.reading.task(id)
  if (!task || task.attempt !== attempt) return
  const by = { kind: 'machine', name: crew.here.machine, request: `${id}/${attempt}/lost` } as const
  await crew.ledger.append(eventsFor(task), by, () => crew.records.end(id, attempt, crew.clock.now()))
}
