import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import type { Part } from '../ports/ledger.ts'
import type { Connection } from './connection.ts'
import { explainPostgres, isLost, isPassing } from './postgres-failure.ts'
import { Line } from './postgres-line.ts'
import { shownUrl } from './postgres-url.ts'
import { sql } from './sql.ts'

interface Options {
  url: string
  schema: string
  /** Names this process among the writers; never used twice. */
  writer: string
  patienceMs: number
  /** Connected already, for the first that reads. */
  client: Client
}

const leastPauseMs = 50
const mostPauseMs = 2000
const looksEveryMs = 1000

/**
 * Two lines: one for transactions, one at a time, and one that reads and hears what others wrote. Whoever writes holds the schema's
 * lock from its first statement on, so the numbers of events are the order of their commits, and what a part has read stays true.
 */
export function connectPostgres({ url, schema, writer, client: first, ...options }: Options): Connection {
  const [lock, where] = [`hashtextextended('${schema}', 0)`, shownUrl(url)]
  const writing = new Line(url, (client) => enter(client, schema))
  const reading = new Line(
    url,
    async (client) => {
      await enter(client, schema)
      if (told) await hear(client)
    },
    first,
  )
  let [turn, mine, others, isClosed] = [Promise.resolve<unknown>(undefined), 0, 0, false]
  let patienceMs = options.patienceMs
  let told: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined

  const again = <T>(attempt: () => Promise<T>, until?: number): Promise<T> =>
    patiently(attempt, { where, patience: () => patienceMs, until, isOver: () => isClosed })
  const begin = `begin isolation level read committed read write; select pg_advisory_xact_lock(${lock})`
  const mark = (n: number): string =>
    `insert into writer (id, n, at) values ('${writer}', ${n}, now()) on conflict (id) do update set n = excluded.n, at = excluded.at`

  const once = async <T>(part: () => Part<T>): Promise<T> => {
    await writing.script(begin)
    const n = mine + 1
    const results: T[] = []
    try {
      await writing.pinned(async () => {
        results.push(await drain(part(), writing))
        await writing.script(`${mark(n)}; notify "${schema}"; commit`)
      })
    } catch (error) {
      writing.forget()
      if (writing.peer() !== undefined) await writing.script('rollback').catch(() => writing.drop())
      if (results.length === 0 || !isLost(error) || !(await wasCommitted(n))) throw error
    }
    mine = n
    return results[0] as T
  }

  /**
   * No reply came to a commit. Whoever has the lock now knows that the transaction which held it is over, and its mark says how. The
   * number of a transaction would not do: after a crash of the server it may be given again.
   */
  const wasCommitted = (n: number): Promise<boolean> =>
    again(async () => {
      await writing.script(begin)
      const [row] = await writing.perform(sql`select n from writer where id = ${writer}`)
      await writing.script('rollback')
      return row?.n === n
    })

  const hear = async (client: Client): Promise<void> => {
    client.on('notification', ({ processId }) => {
      if (processId !== writing.peer()) news()
    })
    await client.query(`listen "${schema}"`)
    // What was said while nobody listened is not said again.
    news()
  }
  const news = (): void => {
    others++
    told?.()
  }
  /** A line that broke unnoticed, and writers that tell nobody: looked for once a second. */
  let seen: unknown
  const look = async (): Promise<void> => {
    const [row] = await reading.perform(sql`select pg_snapshot_xmax(pg_current_snapshot())::text as at`).catch(() => [])
    if (row && row.at !== seen) news()
    seen = row?.at ?? seen
  }

  return {
    transact(part) {
      const until = performance.now() + patienceMs
      const done = turn.then(() => again(() => once(part), until))
      turn = done.catch(() => undefined)
      return done
    },
    read: (part) => again(() => drain(part(), reading)),
    version: () => mine + others,
    foreign: () => (told && reading.peer() !== undefined ? others : ++others),
    listen(listener) {
      if (told) return
      told = listener
      // The next use opens it anew, and listens.
      if (reading.peer() === undefined) void look()
      else void reading.lend((client) => hear(client as Client)).catch(() => undefined)
      timer = setInterval(() => void look(), looksEveryMs)
      timer.unref()
    },
    waitFor: (ms) => void (patienceMs = ms),
    async close() {
      isClosed = true
      clearInterval(timer)
      await turn
      if (mine > 0 && writing.peer() !== undefined) await writing.script(leaving(writer)).catch(() => undefined)
      await Promise.all([writing.close(), reading.close()])
    },
  }
}

interface Patience {
  /** The database, as it may be shown. */
  where: string
  /** Asked each time: who is to end has less of it. */
  patience(): number
  until?: number | undefined
  isOver?: () => boolean
}

/** Tries again until it succeeds or patience is over; what does not pass by itself fails at once. */
export async function patiently<T>(attempt: () => Promise<T>, about: Patience): Promise<T> {
  const begun = performance.now()
  for (let pause = leastPauseMs; ; pause = Math.min(2 * pause, mostPauseMs)) {
    try {
      return await attempt()
    } catch (error) {
      const until = about.until ?? begun + about.patience()
      if (about.isOver?.() || !isPassing(error) || performance.now() + pause > until)
        throw explainPostgres(error, about.where)
      await sleep(pause * (0.5 + Math.random() / 2))
    }
  }
}

/**
 * What every line of ours begins with. Who stands still in a transaction holds the lock that everybody needs, so it is taken from him.
 * A server whose commits are not durable is asked for it: what was acknowledged has to stay.
 */
async function enter(client: Client, schema: string): Promise<void> {
  await client.query(
    `set search_path to "${schema}"; set idle_in_transaction_session_timeout = '10s'; set lock_timeout = '10s';
     select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`,
  )
}

const leaving = (writer: string): string =>
  `begin; set local synchronous_commit = off; delete from writer where id = '${writer}' or at < now() - interval '7 days'; commit`

async function drain<T>(part: Part<T>, line: Line): Promise<T> {
  let turn = part.next([])
  while (!turn.done) {
    const asked = turn.value
    if ('lend' in asked) await line.lend(asked.lend)
    else if (asked.silent) await line.post(asked)
    turn = part.next('lend' in asked || asked.silent ? [] : await line.perform(asked))
  }
  return turn.value
}
