import type { Clock } from '../ports/clock.ts'
import type { Job, Living, Runtime, Workflow } from '../ports/durable.ts'
import type { Ledger, Part, Query } from '../ports/ledger.ts'
import type { Records } from '../ports/records.ts'
import { leaving, type Engine, type Execution } from './dbos.ts'
import { drive } from './dbos-drive.ts'
import { launchDbos, untilThere } from './dbos-launch.ts'
import { openExecutors, type Card, type Executors } from './executors.ts'
import { refuseLater, refuseSameName } from './same-name.ts'
import { newerDrover, numberOf } from '../domain/workflow-version.ts'

const sql = (texts: TemplateStringsArray, ...values: unknown[]): Query => ({ texts, values })

interface Options {
  engine: Engine
  ledger: Ledger
  records: Records
  clock: Clock
  schemas: { ledger: string; dbos: string }
  card: Card
  version: string
  /** How many drive jobs run here at once. */
  slots: number
  /** What this machine has. */
  labels?: readonly string[]
  leaseMs: number
  /** How long the database may be away. */
  patienceMs: number
  /** Whoever is told to end before DBOS has begun does not wait for it. */
  stop?: AbortSignal
  isGone(card: Card): boolean
  onFailure(job: Job, error: unknown): void
  /** The lease began anew, so long ago. */
  onBeat?(agoMs: number): void
  /** This process of that machine was declared dead here. */
  onMachineLost?(executor: string, machine: string): void
  /** Others have taken over what ran here: this process must end. */
  onDead(): void
  log(level: 'info' | 'warn' | 'error', words: string): void
}

/** For so long a database must be away before who is to end does so without it. */
const awayMs = 10_000

/** When nobody says that there is something to take, this is how long it waits. */
const pollMs = 200

interface Running {
  job: Job
  abort: AbortController
  over: PromiseWithResolvers<void>
}

/** Jobs on DBOS: any machine may take them, and those of a dead one are taken over. */
export async function openDbosRuntime(options: Options): Promise<Runtime> {
  const { engine, ledger, records, clock, card, onFailure } = options
  const running = new Map<string, Running>()
  const resting = new Set<string>()
  const stopping = new AbortController()
  const ended = new AbortController()
  let lost = new AbortController()
  let workflows: Readonly<Record<Job['kind'], Workflow>> | undefined
  let serving: { executors: Executors; over: Promise<unknown> } | undefined
  let stopped: Promise<void> | undefined
  let wake = new AbortController()

  const run = async (job: Job, execution: Execution): Promise<void> => {
    if (stopping.signal.aborted || lost.signal.aborted || running.has(job.id)) throw leaving(job.id)
    const mine: Running = { job, abort: new AbortController(), over: Promise.withResolvers() }
    running.set(job.id, mine)
    try {
      await begin(job, execution, mine.abort.signal)
    } catch (error) {
      left(job.id)
      throw error
    }
  }

  const begin = async (job: Job, execution: Execution, cancelled: AbortSignal): Promise<void> => {
    const holder = `${card.id}/${execution.owner}`
    const taken = await ledger.transact(() => take(records, job, { holder, owner: execution.owner }))
    if (taken === 'no') throw leaving(job.id)
    if (taken === 'over') return
    await drive({
      job,
      workflow: workflows![job.kind],
      execution,
      holder,
      clock,
      signal: AbortSignal.any([cancelled, stopping.signal, lost.signal]),
      stopping: stopping.signal,
      lost: lost.signal,
      holds: () => ledger.ask(() => holds(job, { holder, owner: execution.owner })),
      onBreak: (error) => {
        resting.add(job.id)
        onFailure(job, error)
      },
      onBegin: () => void resting.delete(job.id),
    })
  }

  const left = (id: string): void => {
    running.get(id)?.over.resolve()
    running.delete(id)
    resting.delete(id)
    wake.abort()
    ledger.look()
  }

  let isDry = false
  const takeSome = async (): Promise<void> => {
    if (stopping.signal.aborted || lost.signal.aborted) return
    try {
      await executor.poll()
      isDry = false
    } catch (error) {
      if (!isDry) options.log('info', `no job can be taken for now: ${String(error)}`)
      isDry = true
    }
  }

  const takeJobs = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await clock.sleep(pollMs, AbortSignal.any([wake.signal, stopping.signal]))
      wake = new AbortController()
      await takeSome()
    }
  }

  const fenced = (): void => {
    options.log('warn', 'the database has not answered for most of the lease: what runs here is stopped')
    lost.abort('lease')
  }

  const back = async (): Promise<void> => {
    await runtime.idle()
    await serving?.executors.takeBack()
    lost = new AbortController()
    options.log('info', 'the database answers again: what ran here goes on')
    wake.abort()
  }

  const { slots, labels = [] } = options
  const executor = await launchDbos(options, { executor: card.id, slots, labels, run, settled: left })
  const naming = { ...options, query: executor.query }
  const inTime = (ask: () => Promise<void>): Promise<true> =>
    untilThere<true>(options, async () => {
      await ask()
      return true
    })
  await inTime(() => refuseSameName(naming)).catch(async (error: unknown) => {
    await executor.shutdown()
    await engine.close()
    throw error
  })

  const runtime: Runtime = {
    start: startOn(engine),
    async serve(given) {
      workflows = given
      const on = {
        beat: (agoMs: number) => options.onBeat?.(agoMs),
        fenced,
        back: () => void back().catch(options.onDead),
        dead: () => (lost.abort('lease'), options.onDead()),
        lost: (id: string, machine: string) => options.onMachineLost?.(id, machine),
        recovered: () => wake.abort(),
      }
      const { query, recover } = executor
      const executors = openExecutors({ ...options, query, recover, on })
      await inTime(() => executors.join())
      await inTime(() => refuseLater(naming))
      await takeSome()
      serving = { executors, over: Promise.all([executors.watch(ended.signal), takeJobs()]) }
    },
    poke: () => wake.abort(),
    cancel: (id) => running.get(id)?.abort.abort(),
    running: () => [...running.keys()].filter((id) => !resting.has(id)),
    broken: () => [...resting],
    living: () => ledger.ask(() => livingJobs(card.id, options.version)),
    deaths: (job) => ledger.ask(() => deathsOf(job)),
    async idle() {
      while (running.size > 0) await Promise.all([...running.values()].map(({ over }) => over.promise))
    },
    stop: () => (stopped ??= stop()),
  }

  const leave = async (): Promise<void> => {
    await serving?.over
    await serving?.executors
      .leave()
      .catch((error: unknown) => options.log('warn', `what is left here is taken over later: ${String(error)}`))
    await executor.shutdown()
    await engine.close()
  }

  /** Resolves when the database has not answered for a while. */
  const untilAway = async (signal: AbortSignal): Promise<'away'> => {
    for (
      let answered = clock.ticks();
      clock.ticks() - answered < awayMs && !signal.aborted;
      await clock.sleep(500, signal)
    ) {
      const late = clock.sleep(2_000, signal).then(() => Promise.reject(new Error('no answer in time')))
      const isThere = await Promise.race([executor.query('select 1', []), late]).then(
        () => true,
        () => false,
      )
      late.catch(() => {})
      if (isThere) answered = clock.ticks()
    }
    return 'away'
  }

  /** DBOS asks a database that is away again and again, and nothing ends that: who is to go does not wait for it. */
  const stop = async (): Promise<void> => {
    stopping.abort()
    const over = new AbortController()
    const orderly = runtime.idle().then(() => {
      ended.abort()
      return leave()
    })
    const how = await Promise.race([orderly, untilAway(over.signal)]).finally(() => over.abort())
    if (how === 'away') options.log('warn', 'the database does not answer: what is left here is taken over later')
    orderly.catch(() => {})
  }

  return runtime
}

/** The transaction that decides it lends its own connection, so a job is started with it or not at all. */
export const startOn = (engine: Engine) =>
  function* (job: Job): Part {
    const [row] = yield sql`select nextval('job_ordinal') as ordinal`
    yield { lend: (connection) => engine.enqueue(connection, job, Number(row!.ordinal)) }
  }

interface Hold {
  holder: string
  /** DBOS's token of the execution. */
  owner: string
}

/**
 * Only who has the job by DBOS's own row may say that it speaks for the attempt: one that was frozen until now may not. An attempt
 * that is over, of which only DBOS does not know yet, belongs to its landing: who took it up once more would speak in its place.
 */
function* take(records: Records, job: Job, { holder, owner }: Hold): Part<'yes' | 'no' | 'over'> {
  const rows = yield sql`select 1 as held from job where id = ${job.id} and owner = ${owner} for no key update`
  if (rows.length === 0) return 'no'
  const ended =
    yield sql`select 1 as ended from attempt where task = ${job.task} and attempt = ${job.attempt} and ended_at is not null`
  if (job.kind === 'drive' && ended.length > 0) return 'over'
  yield* records.hold(job.task, job.attempt, holder)
  return 'yes'
}

function* holds(job: Job, { holder, owner }: Hold): Part<boolean> {
  const rows =
    yield sql`select 1 as held from job join attempt on attempt.task = job.task and attempt.attempt = job.attempt
    where job.id = ${job.id} and job.owner = ${owner} and attempt.holder = ${holder}`
  return rows.length > 0
}

function* livingJobs(executor: string, version: string): Part<Living[]> {
  const rows =
    yield sql`select id, kind, task, attempt, lane, status = 'PENDING' and holder <> ${executor} as "isElsewhere", job.version,
      exists (select 1 from executor where dead_at is null and executor.version = job.version) as "isKnown"
    from job order by ordinal`
  return rows.map(({ isElsewhere, version: begun, isKnown, ...row }) => {
    const isNewer = !isKnown && numberOf(String(begun)) > numberOf(version)
    const lacks = isNewer ? { lacks: newerDrover(String(begun)) } : {}
    return { ...row, isElsewhere: isNewer || Boolean(isElsewhere), ...lacks } as unknown as Living
  })
}

function* deathsOf(job: string): Part<number | undefined> {
  const [row] = yield sql`select deaths from job_given_up where id = ${job}`
  return row === undefined ? undefined : Number(row.deaths)
}
