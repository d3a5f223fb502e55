import { DroverError } from '../domain/error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger, Part, Query } from '../ports/ledger.ts'
import type { Engine, Executor, Serving } from './dbos.ts'
import { tablesBeside } from './dbos-tables.ts'

const sql = (texts: TemplateStringsArray, ...values: unknown[]): Query => ({ texts, values })

interface Options {
  engine: Engine
  ledger: Ledger
  clock: Clock
  schemas: { dbos: string }
  patienceMs: number
  /** Whoever is told to end meanwhile does not wait for it. */
  stop?: AbortSignal
  log(level: 'warn', words: string): void
}

/** So long a process that makes the tables may take, or be dead, before another one does it. */
const makingMs = 60_000
const leastWaitMs = 50
const mostWaitMs = 2_000

/** Begins DBOS, which gives up at once where the database is away, and breaks where two make its tables at the same time. */
export const launchDbos = (options: Options, serving: Serving): Promise<Executor> =>
  untilThere(options, () => launchOnce(options, serving))

type Waiting = Pick<Options, 'clock' | 'patienceMs' | 'stop' | 'log'>

/** Asks again while the database is away, and where nothing is answered. What drover itself refuses is refused. */
export async function untilThere<T>(
  { clock, patienceMs, stop = new AbortController().signal, log }: Waiting,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const until = clock.ticks() + patienceMs
  for (let wait = leastWaitMs; ; wait = Math.min(wait * 2, mostWaitMs)) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      if (error instanceof DroverError || clock.ticks() + wait > until) throw error
      if (stop.aborted) throw away(error)
      log('warn', `DBOS does not begin: ${String(error)}`)
    }
    await clock.sleep(wait, stop)
  }
}

const away = (error: unknown): DroverError =>
  new DroverError('ledger-away', { where: 'in which DBOS remembers jobs', problem: String(error) })

/** Nothing, while another process makes the tables. */
async function launchOnce(
  { engine, ledger, clock, schemas }: Options,
  serving: Serving,
): Promise<Executor | undefined> {
  if (await ledger.ask(areMade)) {
    const executor = await engine.launch(serving, 'as it is').catch(() => undefined)
    if (executor) return executor
  }
  if (!(await ledger.transact(() => beginMaking(clock.now())))) return undefined
  try {
    await ledger.transact(() => schemaIsMade(schemas.dbos))
    const executor = await engine.launch(serving, 'made')
    await ledger.transact(() => make(schemas.dbos))
    return executor
  } finally {
    await ledger.transact(endMaking)
  }
}

function* areMade(): Part<boolean> {
  const [row] = yield sql`select to_regclass('job_given_up') is not null as made`
  return Boolean(row?.made)
}

function* beginMaking(now: number): Part<boolean> {
  yield sql`create table if not exists making (one integer primary key, at bigint not null)`
  yield sql`delete from making where at < ${now - makingMs}`
  return (yield sql`insert into making (one, at) values (1, ${now}) on conflict do nothing returning one`).length > 0
}

function* make(dbos: string): Part {
  for (const text of tablesBeside(dbos)) yield { texts: [text], values: [] }
}

/**
 * DBOS begins with making its schema, which asks for the right to make one also where it is there. Where somebody has made it for a
 * role without that right, what its first two migrations do is done here, and it goes on behind them.
 */
function* schemaIsMade(dbos: string): Part {
  const words = `do $$ begin
    if exists (select 1 from pg_namespace where nspname = '${dbos}') and to_regclass('"${dbos}".dbos_migrations') is null then
      create table "${dbos}".dbos_migrations (version bigint not null primary key);
      insert into "${dbos}".dbos_migrations (version) values (2);
    end if;
  end $$`
  yield { texts: [words], values: [] }
}

function* endMaking(): Part {
  yield sql`delete from making`
}
