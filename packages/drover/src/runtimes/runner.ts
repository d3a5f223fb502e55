import type { Clock } from '../ports/clock.ts'
import type { Durable, Job, Runtime, Step, Weight, Workflow } from '../ports/durable.ts'
import type { Part } from '../ports/ledger.ts'
import { strict } from './strict.ts'

export interface StepRow {
  seq: number
  name: string
  result: unknown
}

/** Where a runtime keeps its jobs and what it remembers of them. */
export interface JobStore {
  start(job: Job): Part
  /** Jobs that are not finished, oldest first. */
  living(): Promise<Job[]>
  /** From now on this holder runs the job; returns the steps remembered so far. */
  take(job: Job): Promise<StepRow[]>
  holds(job: Job): Promise<boolean>
  write(job: string, steps: readonly StepRow[], done: boolean): Part
  transact(part: () => Part): Promise<void>
  readonly holder: string
}

interface Options {
  store: JobStore
  clock: Clock
  /** A workflow broke: it is begun again after a while, at its last remembered step. */
  onFailure(job: Job, error: unknown): void
}

/** Ends a job without a word: another holder has it, or this process stops. */
class Abandoned extends Error {}

/** The first of each lane, and all that have none. One that is broken holds its lane: what comes after builds on it. */
const inTurn = (jobs: readonly Job[]): Job[] =>
  jobs.filter((job, i) => job.lane === null || jobs.findIndex((other) => other.lane === job.lane) === i)

/** Longer than this the steps of all jobs together do not hold up whoever waits to be heard. */
const breathMs = 0.5

/** Runs jobs in this process over any store: lanes, replay, cancelling. What a store does differently is in its own file. */
export function runJobs({ store, clock, onFailure }: Options): Runtime {
  const running = new Map<string, { job: Job; abort: AbortController; over: Promise<void> }>()
  const failures = new Map<string, number>()
  const resting = new Set<string>()
  const stopping = new AbortController()
  let workflows: Readonly<Record<Job['kind'], Workflow>> | undefined
  let breathedAt = -Infinity
  let looking = false
  let lookAgain = false

  /** A ledger that answers at once lets step follow step, and nobody else gets a word in. */
  const breathe = async (): Promise<void> => {
    if (clock.ticks() - breathedAt < breathMs) return
    await clock.breathe()
    breathedAt = clock.ticks()
  }

  const mayBegin = (job: Job): boolean => !running.has(job.id) && !resting.has(job.id)

  const look = async (): Promise<void> => {
    if (looking || !workflows || stopping.signal.aborted) return void (lookAgain = true)
    looking = true
    try {
      do {
        lookAgain = false
        for (const job of inTurn(await store.living())) if (mayBegin(job) && !stopping.signal.aborted) begin(job)
      } while (lookAgain)
    } catch {
      // Whoever dispatches meets the same trouble and decides what it means; here it is only tried again.
      void clock.sleep(1000, stopping.signal).then(look)
    } finally {
      looking = false
    }
  }

  const begin = (job: Job): void => {
    const abort = new AbortController()
    const over = drive(job, abort.signal).catch((error: unknown) => {
      if (!(error instanceof Abandoned)) again(job, error)
    })
    running.set(job.id, { job, abort, over: over.finally(() => void (running.delete(job.id), look())) })
  }

  const again = (job: Job, error: unknown): void => {
    const count = (failures.get(job.id) ?? 0) + 1
    failures.set(job.id, count)
    resting.add(job.id)
    onFailure(job, error)
    // The timer itself ends the rest: it may fire a moment early, and nobody would look a second time.
    void clock.sleep(Math.min(500 * 2 ** count, 60_000), stopping.signal).then(() => {
      resting.delete(job.id)
      return look()
    })
  }

  const drive = async (job: Job, signal: AbortSignal): Promise<void> => {
    const remembered = await store.take(job)
    const replay = openReplay(store, job, remembered, { signal, stopping: stopping.signal, breathe })
    await workflows![job.kind](job, replay.durable)
    await replay.finish()
    failures.delete(job.id)
  }

  return {
    start: (job) => store.start(job),
    async serve(given) {
      workflows = given
      await look()
    },
    poke: () => void look(),
    cancel: (id) => running.get(id)?.abort.abort(),
    running: () => [...running.keys()],
    broken: () => [...resting],
    living: async () => (await store.living()).map((job) => ({ ...job, isElsewhere: false })),
    deaths: async () => undefined,
    async idle() {
      while (running.size > 0) await Promise.allSettled([...running.values()].map(({ over }) => over))
    },
    async stop() {
      stopping.abort()
      for (const { abort } of running.values()) abort.abort()
      await this.idle()
    },
  }
}

/** The steps of one job: remembered ones return what they returned, others run and are remembered. */
function openReplay(
  store: JobStore,
  job: Job,
  remembered: readonly StepRow[],
  { signal, stopping, breathe }: { signal: AbortSignal; stopping: AbortSignal; breathe: () => Promise<void> },
) {
  const waiting: StepRow[] = []
  let count = 0
  let done = false

  const step = async <T>(name: string, run: (step: Step) => Promise<T>, weight?: Weight): Promise<T> => {
    const seq = ++count
    const known = remembered[seq - 1]
    if (known && known.name !== name) throw new Error(`${job.id}: step ${seq} was "${known.name}" and is "${name}" now`)
    if (known) return known.result as T
    await breathe()
    // What a light step does is told with the next other one, and that one asks.
    if (weight !== 'light' && !(await store.holds(job))) throw new Abandoned(job.id)
    const written = { together: false, last: false }
    const rowOf = (result: unknown): StepRow => ({ seq, name, result })
    const together = (result: unknown, last?: 'last' | undefined) =>
      function* (): Part {
        Object.assign(written, { together: true, last: last === 'last' })
        yield* store.write(job.id, [...waiting, rowOf(result)], last === 'last')
      }
    const endIfStopping = (): void => {
      if (stopping.aborted) throw new Abandoned(job.id)
    }
    const result = strict(await run({ key: `${job.id}/${name}`, signal, together, endIfStopping }))
    done ||= written.last
    if (written.together) waiting.length = 0
    else waiting.push(rowOf(result))
    if (!written.together && weight !== 'light') await flush(false)
    return result
  }
  const flush = async (last: boolean): Promise<void> => {
    const rows = [...waiting]
    if (rows.length > 0 || last) await store.transact(() => store.write(job.id, rows, last))
    waiting.length = 0
  }

  const durable: Durable = { job: job.id, holder: store.holder, step }
  return {
    durable,
    finish: async () => {
      if (!done) await flush(true)
    },
  }
}
