import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as immediate } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import type { NewEvent } from '../../src/domain/event.ts'
import type { Hand } from '../../src/domain/hand.ts'
import { endKey } from '../../src/domain/id.ts'
import { settle, type AttemptEnd } from '../../src/domain/settle.ts'
import { showsItWorks, withReset } from '../../src/flow/accounts.ts'
import type { Crew } from '../../src/flow/crew.ts'
import { dispatch, openSlots } from '../../src/flow/dispatch.ts'
import { openSqlite } from '../../src/ledger/open.ts'
import type { Job } from '../../src/ports/durable.ts'
import { openSqliteRuntime } from '../../src/runtimes/sqlite.ts'
import { created, hand, person } from '../support/drafts.ts'

export const hour = 3_600_000
export const begun = Date.UTC(2026, 10, 21, 12)

/** What an agent of these tests does with an attempt: it comes to this end. */
type Agent = (attempt: Attempted) => Promise<AttemptEnd>
interface Attempted {
  task: string
  attempt: number
  account: string
  /** It has answered. */
  works(): Promise<void>
  /** Whoever drives stops. */
  stopped: Promise<void>
}

export const limit = (account: string, until: number | null): AttemptEnd => {
  const agent = account.split('/')[0]!
  return { kind: 'parked', why: 'limit', account, agent, until, error: 'You have reached your limit' }
}
export const loggedOut = (account: string): AttemptEnd => ({
  kind: 'parked',
  why: 'auth',
  account,
  agent: account,
  until: null,
  error: 'Not logged in',
})
export const done: AttemptEnd = {
  kind: 'judged',
  verdict: { verdict: 'pass', summary: 'done', by: 'reported', detail: '', checks: [] },
  commit: null,
  base: null,
  subjects: [],
}

const rules = { retryDelayMs: 10_000, retryDelayMaxMs: 600_000, jitter: 0, fresh: false, landsBy: 'auto' } as const
const folders = new WeakMap<TestContext, string>()

/**
 * A ledger in a file, its runtime, and the one loop that gives tasks to slots; agents and the time are the test's. Opened
 * again in the same test, it is the next start on the same ledger.
 */
export async function openLimited(t: TestContext, agent: Agent, { workers = 16, hands = [hand()] as Hand[] } = {}) {
  const time = { now: begun, looks: 0 }
  const known = folders.get(t)
  const folder = known ?? mkdtempSync(join(tmpdir(), 'drover-limits-'))
  if (known === undefined) {
    folders.set(t, folder)
    t.after(() => rmSync(folder, { recursive: true }))
  }
  const clock: Crew['clock'] = {
    now: () => time.now,
    ticks: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((wake) => {
        const timer = setTimeout(wake, Math.min(ms, 20))
        signal?.addEventListener('abort', () => (clearTimeout(timer), wake()), { once: true })
      }),
    breathe: async () => undefined,
    random: () => 0.5,
    bytes: (count) => new Uint8Array(count),
  }
  const create = known === undefined ? { create: { project: 'p', target: 'main' } } : {}
  const opened = await openSqlite({ file: join(folder, 'drover.db'), machine: 'm', now: clock.now, ...create })
  const { ledger, reading, records } = opened
  const incarnation = `h${Math.random()}`
  const failures: unknown[] = []
  const { promise: stopped, resolve: stopAgents } = Promise.withResolvers<void>()
  const onFailure = (_: Job, error: unknown): void => void failures.push(error)
  const runtime = openSqliteRuntime({ ledger, records, clock, incarnation, onFailure })
  const crew = {
    ledger,
    reading,
    records,
    runtime,
    clock,
    settings: { agent: 'claude', retry_delay: 10_000, retry_delay_max: 600_000, 'land.gate': 'true' },
    here: { machine: 'm', target: 'main', log: () => undefined },
    ground: { lacks: () => undefined },
  } as unknown as Crew
  const slots = openSlots(workers)
  const drive = async (job: Job, holder: string): Promise<void> => {
    const { task: id, attempt } = job
    const by = (key: string) => ({ kind: 'job', key, task: id, attempt, holder }) as const
    const started = { type: 'task.started', task: id, attempt, data: { machine: 'm', slot: 1 } } as NewEvent
    await ledger.append([started], by(`${job.id}/started`))
    const { account } = (await reading.attempt(id, attempt))!
    const works = () => showsItWorks(crew, { agent: 'claude', account, key: `${job.id}/works` })
    const end = await withReset(crew, await agent({ task: id, attempt, account: account!, works, stopped }))
    const events = settle((await reading.task(id))!, end, rules, clock.now())
    await ledger.append(events, by(endKey(id, attempt)), () => records.end(id, attempt, clock.now()))
  }
  await runtime.serve({
    drive: (job, { holder }) => drive(job, holder).finally(() => slots.leave(job)),
    land: async () => undefined,
  })
  const waits: { until: number | null; why: string }[] = []
  const stop = new AbortController()
  const over = dispatch(
    crew,
    slots,
    {
      workers,
      epic: null,
      end: async (claim) => (await ledger.endRun(claim, () => [], person())) !== 'not yet',
      hands: async () => (time.looks++, hands),
      onWait: (until, why) => void waits.push({ until, why }),
    },
    stop.signal,
  )
  const close = async (): Promise<void> => {
    stop.abort()
    stopAgents()
    await over
    await runtime.stop()
    await ledger.close()
  }
  t.after(close)

  const news = async (): Promise<void> => {
    await ledger.append([{ type: 'machine.left', data: { machine: 'another' } }], person())
  }
  const until = async <T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> => {
    const bell = ledger.bell()
    for (const late = performance.now() + 20_000; performance.now() < late;) {
      const found = await look()
      if (found !== undefined && found !== false) return found
      await bell(20, new AbortController().signal)
      await immediate() // what rings at once lets no timer pass
    }
    throw new Error(`it never came to this: ${what}; ${JSON.stringify({ waits, failures: failures.map(String) })}`)
  }
  return {
    ledger,
    reading,
    crew,
    waits,
    over,
    until,
    close,
    add: (count: number) =>
      ledger.append(
        Array.from({ length: count }, (_, i) => created(`t${i + 1}`, { run: null })),
        person(),
      ),
    claims: async () => (await reading.events(0, { types: ['task.claimed'] }, 500)).length,
    async at(now: number) {
      time.now = now
      await news()
    },
    /** Whoever gives tasks to slots has looked twice since, and could have begun something. */
    async looked() {
      const from = time.looks
      await until('it looks again', async () => {
        await news()
        return time.looks >= from + 2
      })
    },
  }
}
