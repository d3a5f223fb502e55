import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { NewEvent } from '../../../src/domain/event.ts'
import { DroverError, type ErrorCode } from '../../../src/domain/error.ts'
import type { Task } from '../../../src/domain/task.ts'
import { verdictOf } from '../../../src/domain/verdict.ts'
import { type Addition, addTask } from '../../../src/flow/operations/add.ts'
import { openSqlite } from '../../../src/ledger/open.ts'
import type { Speaker } from '../../../src/ports/ledger.ts'
import { person } from '../../support/drafts.ts'

export { person }

const clock = {
  now: Date.now,
  ticks: () => performance.now(),
  sleep: async () => undefined,
  breathe: async () => undefined,
  random: Math.random,
  bytes: (n: number) => randomBytes(n),
}

/** A real ledger with nothing in it, and short words for what happens to tasks. */
export async function makeWorld(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-operations-'))
  const opened = await openSqlite({
    file: join(folder, 'drover.db'),
    machine: 'm',
    now: Date.now,
    create: { project: 'p', target: 'main' },
  })
  t.after(async () => {
    await opened.ledger.close()
    rmSync(folder, { recursive: true })
  })
  let said = 0
  const machine = (): Speaker => ({ kind: 'machine', name: 'm', request: `said-${++said}` })
  const world = {
    ...opened,
    clock,
    async add(title: string, more: Partial<Addition> = {}): Promise<Task> {
      const addition: Addition = {
        title,
        words: {},
        id: undefined,
        parent: undefined,
        needs: [],
        defaults: { labels: [], maxAttempts: 3 },
        ...more,
      }
      return (await addTask(world, addition, person())).task
    },
    async task(id: string): Promise<Task> {
      const task = await opened.reading.task(id)
      assert.ok(task, `there is no ${id}`)
      return task
    },
    /** Writes what a machine says of a task. */
    async happens(id: string, ...events: Pick<NewEvent, 'type' | 'data'>[]): Promise<Task> {
      for (const event of events) {
        const { attempt } = await world.task(id)
        const told = await opened.ledger.append(
          [{ ...event, task: id, ...(attempt > 0 ? { attempt } : {}) } as NewEvent],
          machine(),
        )
        assert.equal(told.outcome, 'appended', `${event.type} of ${id}`)
      }
      return world.task(id)
    },
    async work(id: string): Promise<Task> {
      const task = await world.task(id)
      const claimed = { attempt: task.attempt + 1, machine: 'm', slot: 1, agent: 'claude', account: null, fresh: false }
      await opened.ledger.append(
        [{ type: 'task.claimed', task: id, attempt: claimed.attempt, data: claimed }],
        machine(),
      )
      return world.happens(id, { type: 'task.started', data: { machine: 'm', slot: 1 } })
    },
    /** Works on it, and blocks it for this reason. */
    async blocks(
      id: string,
      reason: 'question' | 'conflict' | 'gate' | 'attempts' | 'review' | 'checkout',
    ): Promise<Task> {
      await world.work(id)
      if (reason !== 'question' && reason !== 'attempts') await world.passes(id)
      return world.happens(id, {
        type: 'task.blocked',
        data: {
          reason,
          note: `because of ${reason}`,
          counts: reason === 'conflict' || reason === 'gate',
          verdict: null,
        },
      })
    },
    passes: (id: string, commit: string | null = 'c0ffee') =>
      world.happens(id, {
        type: 'task.passed',
        data: { verdict: verdictOf('pass', 'test', 'done'), commit, base: null, subjects: [] },
      }),
    async completes(id: string): Promise<Task> {
      await world.work(id)
      await world.passes(id)
      return world.happens(id, { type: 'task.completed', data: { commit: 'c0ffee' } })
    },
    async fails(id: string): Promise<Task> {
      await world.work(id)
      return world.happens(id, { type: 'task.failed', data: { reason: 'failed', error: 'it broke', verdict: null } })
    },
    events: async (id: string) => (await opened.reading.events(0, { task: id }, 500)).map(({ type }) => type),
    needs: async (id: string) => (await opened.reading.needsOf(id)).map((need) => need.id),
  }
  return world
}

export type World = Awaited<ReturnType<typeof makeWorld>>

/** The error with which this is refused. */
export async function refusal(promise: Promise<unknown>): Promise<DroverError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof DroverError) return error
    throw error
  }
  throw new Error('it was accepted')
}

export async function refused(code: ErrorCode, exit: number, promise: Promise<unknown>): Promise<DroverError> {
  const error = await refusal(promise)
  assert.deepEqual([error.code, error.exit], [code, exit], error.message)
  return error
}
