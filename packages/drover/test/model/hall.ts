import assert from 'node:assert/strict'
import { DroverError } from '../../src/domain/error.ts'
import type { NewEvent } from '../../src/domain/event.ts'
import type { Rules } from '../../src/domain/settle.ts'
import type { Task } from '../../src/domain/task.ts'
import type { Crew } from '../../src/flow/crew.ts'
import { openSqlite } from '../../src/ledger/open.ts'
import type { Appended, Ledger, Part, Query, Speaker } from '../../src/ports/ledger.ts'
import { openSqliteRuntime } from '../../src/runtimes/sqlite.ts'
import { person } from '../support/drafts.ts'
import { emptyForecast, type Foreseen, type ForeseenJob } from './forecast.ts'
import { delays } from './foresee-machines.ts'

/** Small numbers that decide what happens; smaller ones are simpler stories. */
export interface Dice {
  a: number
  b: number
  c: number
}

export const statement = (texts: TemplateStringsArray, ...values: unknown[]): Query => ({ texts, values })
export const pick = <T>(from: readonly T[], n: number): T | undefined => from[n % Math.max(1, from.length)]

interface Told {
  events: readonly NewEvent[]
  by: Speaker
  answer: Appended
}

/** A real ledger with real rows of jobs, and beside it what should stand there. Chance and time are the test's. */
export async function openHall() {
  const forecast = emptyForecast(1_000_000)
  const now = (): number => forecast.now
  let bytes = 0
  const clock: Crew['clock'] = {
    now,
    ticks: now,
    sleep: async () => undefined,
    breathe: async () => undefined,
    random: () => delays.jitter,
    bytes: (count) => Uint8Array.from({ length: count }, (_, n) => ++bytes >> (n * 3)),
  }
  const create = { project: 'p', target: 'main' }
  const opened = await openSqlite({ file: ':memory:', machine: 'm', now, create })
  const { reading, records } = opened
  const told: Told[] = []
  const ledger: Ledger = {
    ...opened.ledger,
    async append(events, by, beside) {
      const answer = await opened.ledger.append(events, by, beside)
      if (answer.outcome === 'appended') told.push({ events: structuredClone(events), by, answer })
      return answer
    },
  }
  const runtime = openSqliteRuntime({
    ledger,
    records,
    clock,
    incarnation: 'h0',
    onFailure: (_, error) => assert.fail(String(error)),
  })
  const holders = ['h0']
  /** A runtime that serves holds what it starts; this one never serves, so that the test decides when a job goes on. */
  const serving: Crew['runtime'] = {
    ...runtime,
    poke: () => undefined,
    *start(job) {
      yield* runtime.start(job)
      yield* records.hold(job.task, job.attempt, holders.at(-1)!)
    },
  }
  const crew = crewOf({ ledger, reading, records, runtime: serving, clock })
  return {
    ledger,
    reading,
    records,
    runtime,
    clock,
    crew,
    forecast,
    told,
    holders,
    count: 0,
    named: 0,
    /** What has happened, for whoever reads a failure. */
    diary: [] as string[],
    folded: {
      tasks: new Map<string, Task>(),
      needs: new Map<string, Set<string>>(),
      seq: 0,
      landed: new Map<string, number>(),
    },
    close: () => opened.ledger.close(),
  }
}

export type Hall = Awaited<ReturnType<typeof openHall>>

/** As much of a crew as sweeping, lifting and landing jobs ask for. No way is ever blocked by a checkout here. */
const crewOf = (ports: Pick<Crew, 'ledger' | 'reading' | 'records' | 'runtime' | 'clock'>): Crew =>
  ({
    ...ports,
    settings: { agent: 'claude', retry_delay: delays.first, retry_delay_max: delays.longest, 'land.auto': true },
    here: { machine: 'm', target: 'main' },
    workspace: {
      tip: async () => 'tip',
      checkouts: async () => ({ blockers: [], moves: [] }),
      blockers: async () => [],
    },
    driverFor: (agent: string) => ({ abilities: { continues: agent !== 'command' } }),
  }) as unknown as Crew

export const rulesOf = (task: Foreseen): Rules => ({
  retryDelayMs: delays.first,
  retryDelayMaxMs: delays.longest,
  jitter: delays.jitter,
  fresh: task.isCommand,
  landsBy: task.byHand ? 'manual' : 'auto',
})

export const newId = (hall: Hall): string => `t${hall.named++}`
export const holderOf = (hall: Hall): string => hall.holders.at(-1)!
export const byPerson = (hall: Hall): Speaker => person(`r${++hall.count}`)
export const byMachine = (hall: Hall): Speaker => ({ kind: 'machine', name: 'm', request: `s${++hall.count}` })
export const byJob = ({ task, attempt }: ForeseenJob, key: string, holder: string): Speaker => ({
  kind: 'job',
  key,
  task,
  attempt,
  holder,
})

/** What came of a wish, as one word. */
export async function wordOf(wish: () => Promise<unknown>): Promise<string> {
  try {
    const answer = await wish()
    return Array.isArray(answer) && answer.length === 0 ? 'nothing' : 'done'
  } catch (error) {
    if (error instanceof DroverError) return error.code
    throw error
  }
}

export function agree(hall: Hall, what: string, foreseen: string, real: string): void {
  hall.diary.push(`${what}: ${real}`)
  assert.equal(real, foreseen, what)
}

export const realTask = async (hall: Hall, id: string): Promise<Task> => (await hall.reading.task(id))!

export function* jobDone(id: string): Part {
  yield statement`update job set done = 1 where id = ${id}`
}
