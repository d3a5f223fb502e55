import type { Clock } from '../ports/clock.ts'
import { numberOf } from '../domain/workflow-version.ts'

/** One process that runs jobs, from its start to its end. Its id is never used again. */
export interface Card {
  id: string
  machine: string
  /** Tells machines, their starts, and what sees other processes from each other. */
  host: string
  pid: number
  /** Tells a process from a later one with the same number. */
  born: string
}

type Query = (text: string, values: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>

interface Options {
  query: Query
  /** The ledger's schema, and DBOS's. */
  schemas: { ledger: string; dbos: string }
  card: Card
  /** Of its workflows: what began with another one waits for a process that knows it. */
  version: string
  leaseMs: number
  clock: Clock
  /** Whether this process, on this very host, is no more. */
  isGone(card: Card): boolean
  recover(executors: readonly string[]): Promise<void>
  on: Bells
}

interface Bells {
  /** The lease began anew, so long ago: others may have seen it before its answer came. */
  beat(agoMs: number): void
  /** No beat for most of the lease: others may soon take what runs here. */
  fenced(): void
  /** Beats again, and nobody has declared it dead. */
  back(): void
  /** Somebody has declared it dead: what ran here is others' now. */
  dead(): void
  /** Declared dead by this process, and no other process of that machine lives. */
  lost(id: string, machine: string): void
  /** What somebody left behind can be taken. */
  recovered(): void
}

export interface Executors {
  /** Enters this process, and gives back what the dead have left. */
  join(): Promise<void>
  /** Beats and looks after others until the signal. */
  watch(signal: AbortSignal): Promise<void>
  /** What is left here may be taken at once, and counts for nobody. */
  leave(): Promise<void>
  /** What is left here is taken again by this very process. */
  takeBack(): Promise<void>
}

/** At most how long a look at others takes to come round, whatever the lease. */
const lookMs = 1_000
const fencedAt = 0.8

/**
 * DBOS itself takes over nothing from an executor that died (5.3: that is its paid service), so each executor counts up a row of
 * its own, and the others judge by their own clocks whether it still does: no two clocks are ever compared.
 */
export function openExecutors(options: Options): Executors {
  const { query, card, leaseMs, clock, on, recover } = options
  const { executor, workflow, steps } = tablesOf(options.schemas)
  const seen = openSeen(clock, leaseMs)
  let beatAt = clock.ticks()
  let fenced = false

  const beat = async (): Promise<boolean> => {
    const at = clock.ticks()
    const rows = await query(
      `update ${executor} set beat = beat + 1 where id = $1 and dead_at is null returning beat`,
      [card.id],
    )
    if (rows.length === 0) return false
    beatAt = at
    on.beat(clock.ticks() - at)
    if (fenced) on.back()
    fenced = false
    return true
  }

  const reap = async (): Promise<void> => {
    const rows = await query(
      `select id, machine, host, pid, born, beat::float8 as beat from ${executor} where dead_at is null and id <> $1`,
      [card.id],
    )
    for (const other of rows as unknown as (Card & { beat: number })[])
      if (seen.isStill(other) || options.isGone(other)) await bury(other)
    const left = await query(
      `select distinct executor_id as id from ${workflow} where status = 'PENDING' and application_version = $1
        and executor_id not in (select id from ${executor} where dead_at is null)`,
      [options.version],
    )
    if (left.length > 0) await recover(left.map(({ id }) => String(id)))
    const isAdopted = await adoptOlder()
    if (left.length > 0 || isAdopted) on.recovered()
  }

  /**
   * While anybody lives who knows them they are theirs; then they are taken into our version, in one statement: at no moment is there
   * a task at work without its job. Those of a newer version never are. An attempt is begun at its first step, because what it has
   * done is found where it was done. A landing that has begun goes on: what it has intended counts, and where its steps are others
   * now it says so.
   */
  const adoptOlder = async (): Promise<boolean> => {
    const rows = await query(
      `with taken as (
          update ${workflow} set status = 'ENQUEUED', owner_xid = null, recovery_attempts = 0, application_version = $1
          where status in ('ENQUEUED', 'PENDING') and name in ('drive', 'land')
            and coalesce(substring(application_version from '^drover-wf-([0-9]+)$')::integer, 0) < $2
            and not exists (select 1 from ${executor} where dead_at is null and version = application_version)
          returning workflow_uuid as id, name as kind),
        forgotten as (delete from ${steps} where workflow_uuid in (select id from taken where kind = 'drive'))
        select id from taken`,
      [options.version, numberOf(options.version)],
    )
    return rows.length > 0
  }

  const bury = async ({ id, machine, beat: last }: { id: string; machine: string; beat: number }): Promise<void> => {
    const rows = await query(
      `update ${executor} as one set dead_at = ${nowMs} where id = $1 and beat = $2 and dead_at is null
        returning exists (select 1 from ${executor} as other where other.machine = one.machine and other.id <> one.id and other.dead_at is null) as lives`,
      [id, last],
    )
    if (rows[0]?.['lives'] === false) on.lost(id, machine)
  }

  /** What ends in order is no death: it must not count as one. */
  const uncount = (): Promise<unknown> =>
    query(
      `update ${workflow} set recovery_attempts = greatest(recovery_attempts - 1, 0) where executor_id = $1 and status = 'PENDING'`,
      [card.id],
    )

  const fenceInTime = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const left = beatAt + leaseMs * fencedAt - clock.ticks()
      if (left <= 0 && !fenced) {
        fenced = true
        on.fenced()
      }
      await clock.sleep(left > 0 ? left : leaseMs / 10, signal)
    }
  }

  const goRound = async (signal: AbortSignal): Promise<void> => {
    for (let next = -Infinity; !signal.aborted;) {
      try {
        if (clock.ticks() >= next) {
          next = clock.ticks() + leaseMs / 4
          if (!(await within(leaseMs / 4, clock, beat()))) return on.dead()
        }
        await within(leaseMs / 4, clock, reap())
      } catch {
        // The database is away, for everybody perhaps: nobody is judged by what happened before it is back.
        seen.forget()
        next = -Infinity
      }
      await clock.sleep(Math.min(leaseMs / 4, lookMs), signal)
    }
  }

  return {
    async join() {
      const { id, machine, host, pid, born } = card
      beatAt = clock.ticks()
      await query(
        `insert into ${executor} (id, machine, host, pid, born, version, joined_at) values ($1, $2, $3, $4, $5, $6, ${nowMs})
          on conflict (id) do nothing`,
        [id, machine, host, pid, born, options.version],
      )
      await reap()
    },
    async watch(signal) {
      await Promise.all([fenceInTime(signal), goRound(signal)])
    },
    async leave() {
      await uncount()
      await query(`update ${executor} set dead_at = coalesce(dead_at, ${nowMs}) where id = $1`, [card.id])
      await recover([card.id])
    },
    async takeBack() {
      await uncount()
      await recover([card.id])
    },
  }
}

const nowMs = '(extract(epoch from clock_timestamp()) * 1000)::bigint'

const tablesOf = ({ ledger, dbos }: { ledger: string; dbos: string }) => ({
  executor: `"${ledger}".executor`,
  workflow: `"${dbos}".workflow_status`,
  steps: `"${dbos}".operation_outputs`,
})

/** Which beats were seen, and since when they have not moved, in one unbroken run of looks. */
function openSeen(clock: Clock, leaseMs: number) {
  const beats = new Map<string, { beat: number; since: number }>()
  let lastLook = -Infinity
  return {
    forget: () => beats.clear(),
    isStill({ id, beat }: { id: string; beat: number }): boolean {
      const now = clock.ticks()
      // This process stood still itself: it has not seen what the others did meanwhile.
      if (now - lastLook > leaseMs / 2) beats.clear()
      lastLook = now
      const known = beats.get(id)
      if (known?.beat !== beat) beats.set(id, { beat, since: now })
      return known?.beat === beat && now - known.since >= leaseMs
    },
  }
}

async function within<T>(ms: number, clock: Clock, work: Promise<T>): Promise<T> {
  const enough = new AbortController()
  const late = clock.sleep(ms, enough.signal).then(() => {
    throw new Error('no answer in time')
  })
  try {
    return await Promise.race([work, late])
  } finally {
    enough.abort()
    late.catch(() => {})
  }
}
