import type { Clock } from '../ports/clock.ts'
import type { Job, Runtime } from '../ports/durable.ts'
import { runJobs, type JobStore, type StepRow } from './runner.ts'

/** What a memory runtime remembers; kept apart from it, so that a second one can go on after a "crash". */
export interface Memory {
  jobs: Map<string, Job & { done: boolean; holder: string | null }>
  steps: Map<string, StepRow[]>
}

export const emptyMemory = (): Memory => ({ jobs: new Map(), steps: new Map() })

/** Remembers nothing over the end of the process: for tests, and as the shortest reading of what a runtime is. */
export function openMemoryRuntime(
  memory: Memory,
  { clock, incarnation, onFailure }: { clock: Clock; incarnation: string; onFailure(job: Job, error: unknown): void },
): Runtime {
  const store: JobStore = {
    holder: incarnation,
    // eslint-disable-next-line require-yield -- nothing to write in anybody's database
    *start(job) {
      if (!memory.jobs.has(job.id)) memory.jobs.set(job.id, { ...job, done: false, holder: incarnation })
    },
    living: async () =>
      [...memory.jobs.values()]
        .filter(({ done }) => !done)
        .map(({ id, kind, task, attempt, lane }) => ({ id, kind, task, attempt, lane })),
    async take(job) {
      memory.jobs.get(job.id)!.holder = incarnation
      return memory.steps.get(job.id) ?? []
    },
    holds: async (job) => memory.jobs.get(job.id)?.holder === incarnation,
    // eslint-disable-next-line require-yield
    *write(job, steps, done) {
      memory.steps.set(job, [...(memory.steps.get(job) ?? []), ...steps])
      if (done) memory.jobs.get(job)!.done = true
    },
    transact: async (part) => void part().next(),
  }
  return runJobs({ store, clock, onFailure })
}
