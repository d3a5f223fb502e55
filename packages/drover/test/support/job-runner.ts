import { realClock } from '../../src/app/clock.ts'
import { incarnationOf, isGone } from '../../src/app/incarnation.ts'
import type { Durable, Job, Step, Weight } from '../../src/ports/durable.ts'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import { schemaOf } from '../../src/ledger/postgres-url.ts'
import { openDbos } from '../../src/runtimes/dbos.ts'
import { openDbosRuntime } from '../../src/runtimes/dbos-runtime.ts'
import { workflowVersion } from '../../src/domain/workflow-version.ts'

/** What a test tells a process that runs jobs for it, and asks of it; each has a number where an answer is wanted. */
export type Order =
  | { ask: 'serve' | 'stop' | 'idle' | 'living'; call: number }
  | { ask: 'deaths'; job: string; call: number }
  | { ask: 'poke' }
  | { ask: 'cancel'; job: string }
  | { ask: 'step'; run: number; call: number; name: string; weight?: Weight }
  | { ask: 'did'; body: number; value?: unknown; failed?: string; ends?: boolean }
  | { ask: 'end'; run: number; failed?: string }

export type News =
  | { tell: 'answer'; call: number; value?: unknown; failed?: string }
  | { tell: 'run'; run: number; job: Job; holder: string }
  | { tell: 'over'; run: number }
  | { tell: 'body'; body: number; call: number; key: string; aborted: boolean; stopping: boolean }
  | { tell: 'abort'; body: number; stopping: boolean }
  | { tell: 'broke'; job: Job; failed: string }
  | { tell: 'dead' }
  | { tell: 'log'; words: string }

export interface RunnerWords {
  url: string
  project: string
  machine: string
  leaseMs: number
  slots: number
  version?: string
  patienceMs?: number
  /** As if it were another host: then nobody here can see whether its processes live. */
  host?: string
}

const said = JSON.parse(process.argv[2] ?? '{}') as RunnerWords
const tell = (news: News): void => void process.send?.(news)
const words = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const { ledger, records } = await openPostgres({ ...said, now: realClock.now })
const schemas = { ledger: schemaOf(said.project), dbos: `${schemaOf(said.project)}_dbos` }
const log = (_: string, line: string): void => tell({ tell: 'log', words: line })
const version = said.version ?? workflowVersion
const runtime = await openDbosRuntime({
  ...said,
  version,
  engine: await openDbos({ url: said.url, schema: schemas.dbos, log, version }),
  ledger,
  records,
  clock: realClock,
  schemas,
  card: { ...incarnationOf(said.machine, realClock.bytes(9)), ...(said.host ? { host: said.host } : {}) },
  patienceMs: said.patienceMs ?? 60_000,
  isGone,
  onFailure: (job, error) => tell({ tell: 'broke', job, failed: words(error) }),
  onDead: () => tell({ tell: 'dead' }),
  log,
})

const runs = new Map<number, { durable: Durable; over: PromiseWithResolvers<void> }>()
const bodies = new Map<number, { step: Step; done: PromiseWithResolvers<unknown> }>()
let count = 0

/** The workflow itself is the test's: here it is asked what comes next, and its steps are remembered. */
async function workflow(job: Job, durable: Durable): Promise<void> {
  const run = ++count
  const over = Promise.withResolvers<void>()
  runs.set(run, { durable, over })
  tell({ tell: 'run', run, job, holder: durable.holder })
  await over.promise.finally(() => tell({ tell: 'over', run }))
}

async function step({ run, call, name, weight }: Order & { ask: 'step' }): Promise<void> {
  const { durable, over } = runs.get(run)!
  const body = (given: Step): Promise<unknown> => {
    const number = ++count
    const done = Promise.withResolvers<unknown>()
    bodies.set(number, { step: given, done })
    const { key, signal } = given
    tell({ tell: 'body', body: number, call, key, aborted: signal.aborted, stopping: isStopping(given) })
    signal.addEventListener('abort', () => tell({ tell: 'abort', body: number, stopping: isStopping(given) }))
    return done.promise
  }
  try {
    const value = await durable.step(name, body, weight)
    tell({ tell: 'answer', call, value })
  } catch (error) {
    // The run's own error, which the test's copy of the workflow cannot carry.
    over.reject(error)
  }
}

function isStopping(given: Step): boolean {
  try {
    given.endIfStopping()
    return false
  } catch {
    return true
  }
}

function did({ body, value, failed, ends }: Order & { ask: 'did' }): void {
  const { step: given, done } = bodies.get(body)!
  if (ends) done.resolve(new Promise((resolve) => resolve(given.endIfStopping())))
  else if (failed !== undefined) done.reject(new Error(failed))
  else done.resolve(value)
}

type Question = Extract<Order, { ask: 'serve' | 'stop' | 'idle' | 'living' | 'deaths' }>

async function answer(order: Question): Promise<void> {
  const { call } = order
  try {
    tell({ tell: 'answer', call, value: await asked(order) })
  } catch (error) {
    tell({ tell: 'answer', call, failed: words(error) })
  }
}

function asked(order: Question): Promise<unknown> {
  if (order.ask === 'deaths') return runtime.deaths(order.job)
  return order.ask === 'serve' ? runtime.serve({ drive: workflow, land: workflow }) : runtime[order.ask]()
}

function end({ run, failed }: Order & { ask: 'end' }): void {
  if (failed === undefined) runs.get(run)?.over.resolve()
  else runs.get(run)?.over.reject(new Error(failed))
}

process.on('message', (order: Order) => {
  if (order.ask === 'poke') runtime.poke()
  else if (order.ask === 'cancel') runtime.cancel(order.job)
  else if (order.ask === 'step') void step(order)
  else if (order.ask === 'did') did(order)
  else if (order.ask === 'end') end(order)
  else void answer(order)
})
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
