import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Durable, Job, Runtime, Workflow } from '../../src/ports/durable.ts'
import type { Part } from '../../src/ports/ledger.ts'

export interface RuntimeWorld extends AsyncDisposable {
  /** A runtime of a process that starts now; the ones before it are as if killed when `dead` says so. */
  begin(onFailure?: (job: Job, error: unknown) => void): Runtime
  transact(part: () => Part): Promise<void>
  /** Makes the attempt that a job is for. */
  attempt(task: string): Promise<void>
}

const job = (task: string, about: Partial<Job> = {}): Job => ({
  id: `${task}/1`,
  kind: 'drive',
  task,
  attempt: 1,
  lane: null,
  ...about,
})
const nothing: Workflow = async () => {}

const serve = (runtime: Runtime, drive: Workflow, land: Workflow = nothing): Promise<void> =>
  runtime.serve({ drive, land })

/** A promise and the hands that settle it. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  return { opened, open }
}

/** What every runtime promises; `exceptions` are named with their reason by the one who runs it. */
export function runtimeSuite(
  name: string,
  open: () => Promise<RuntimeWorld>,
  exceptions: readonly string[] = [],
): void {
  const promise = (words: string, body: (world: RuntimeWorld) => Promise<void>): void => {
    if (exceptions.includes(words)) return
    test(`${name}: ${words}`, async () => {
      await using world = await open()
      await body(world)
    })
  }

  promise('a job runs once, however often it is started', async (world) => {
    await world.attempt('a')
    const runs: string[] = []
    const over = gate()
    const runtime = world.begin()
    await serve(runtime, async ({ id }) => {
      runs.push(id)
      over.open()
    })
    for (let i = 0; i < 3; i++) {
      await world.transact(() => runtime.start(job('a')))
      runtime.poke()
    }
    await over.opened
    await runtime.stop()
    assert.deepEqual(runs, ['a/1'])
    assert.deepEqual(await runtime.living(), [])
  })

  promise(
    'what a step returned is remembered over a death; the step that was interrupted runs again',
    async (world) => {
      await world.attempt('a')
      const bodies: string[] = []
      const reached = gate()
      const first = world.begin()
      await world.transact(() => first.start(job('a')))
      await serve(first, async (_, durable) => {
        await durable.step('one', async () => (bodies.push('one'), 1))
        await durable.step('two', async () => {
          bodies.push('two')
          reached.open()
          return new Promise<number>(() => {})
        })
      })
      await reached.opened
      const second = world.begin()
      const over = gate()
      let seen = 0
      await serve(second, async (_, durable) => {
        seen = await durable.step('one', async () => (bodies.push('one again'), 2))
        await durable.step('two', async () => (bodies.push('two again'), 2))
        over.open()
      })
      await over.opened
      await second.stop()
      assert.deepEqual(bodies, ['one', 'two', 'two again'])
      assert.equal(seen, 1)
    },
  )

  promise('a light step is written with the next write of its job', async (world) => {
    await world.attempt('a')
    const bodies: string[] = []
    const steps = async (durable: Durable, last: () => Promise<string>): Promise<void> => {
      await durable.step('light', async () => (bodies.push('light'), 'l'), 'light')
      await durable.step('heavy', async () => (bodies.push('heavy'), 'h'))
      await durable.step('last', last)
    }
    const reached = gate()
    const first = world.begin()
    await world.transact(() => first.start(job('a')))
    await serve(first, (_, durable) => steps(durable, () => (reached.open(), new Promise<string>(() => {}))))
    await reached.opened
    const second = world.begin()
    const over = gate()
    await serve(second, async (_, durable) => {
      await steps(durable, async () => 'done')
      over.open()
    })
    await over.opened
    await second.stop()
    assert.deepEqual(bodies, ['light', 'heavy'])
  })

  promise('a step written together with something else is in its transaction', async (world) => {
    await world.attempt('a')
    const runs: string[] = []
    const failed = gate()
    const over = gate()
    const runtime = world.begin(() => failed.open())
    await serve(runtime, async (_, durable) => {
      await durable.step('both', async (step) => {
        runs.push('both')
        await world.transact(function* () {
          yield* step.together('written')()
          if (runs.length === 1) throw new Error('the transaction breaks')
        })
        return 'written'
      })
      over.open()
    })
    await world.transact(() => runtime.start(job('a')))
    runtime.poke()
    await failed.opened
    await over.opened
    await runtime.stop()
    assert.deepEqual(runs, ['both', 'both'])
  })

  promise('steps that come in another order are an error, not a guess', async (world) => {
    await world.attempt('a')
    const reached = gate()
    const first = world.begin()
    await world.transact(() => first.start(job('a')))
    await serve(first, async (_, durable) => {
      await durable.step('one', async () => 1)
      await durable.step('wait', () => (reached.open(), new Promise<number>(() => {})))
    })
    await reached.opened
    const broke = Promise.withResolvers<unknown>()
    const second = world.begin((_, error) => broke.resolve(error))
    await serve(second, async (_, durable) => void (await durable.step('other', async () => 1)))
    assert.match(String(await broke.promise), /was "one" and is "other" now/)
    await second.stop()
  })

  promise('results are JSON, the first time as at every repetition', async (world) => {
    await world.attempt('a')
    const over = Promise.withResolvers<unknown>()
    const runtime = world.begin()
    await world.transact(() => runtime.start(job('a')))
    await serve(runtime, async (_, durable) =>
      over.resolve(await durable.step('date', async () => ({ at: new Date(0), gone: undefined }))),
    )
    assert.deepEqual(await over.promise, { at: '1970-01-01T00:00:00.000Z' })
    await runtime.stop()
  })

  promise(
    '212: jobs of one lane run one at a time, in the order they were started; others beside them',
    async (world) => {
      for (const task of ['a', 'b', 'c', 'd']) await world.attempt(task)
      const order: string[] = []
      const gates = new Map(['a', 'b', 'c'].map((task) => [task, gate()]))
      const beside = gate()
      const all = gate()
      const runtime = world.begin()
      await serve(
        runtime,
        async () => beside.open(),
        async ({ task }) => {
          order.push(`${task} begins`)
          await gates.get(task)!.opened
          order.push(`${task} ends`)
          if (order.length === 6) all.open()
        },
      )
      for (const task of ['a', 'b', 'c'])
        await world.transact(() => runtime.start(job(task, { id: `${task}/1/land`, kind: 'land', lane: 'main' })))
      await world.transact(() => runtime.start(job('d')))
      runtime.poke()
      await beside.opened
      for (const { open: let_go } of gates.values()) let_go()
      await all.opened
      await runtime.stop()
      assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
    },
  )

  promise('a job that breaks holds its lane: what comes after it builds on it', async (world) => {
    for (const task of ['a', 'b']) await world.attempt(task)
    const order: string[] = []
    const over = gate()
    const runtime = world.begin(() => order.push('a broke'))
    await serve(runtime, nothing, async ({ task }) => {
      order.push(task)
      if (order.length === 1) throw new Error('a bug')
      if (task === 'b') over.open()
    })
    for (const task of ['a', 'b'])
      await world.transact(() => runtime.start(job(task, { id: `${task}/1/land`, kind: 'land', lane: 'main' })))
    runtime.poke()
    await over.opened
    await runtime.stop()
    assert.deepEqual(order, ['a', 'a broke', 'a', 'b'])
  })

  promise('a cancelled job hears it in its step, and ends as its workflow decides', async (world) => {
    await world.attempt('a')
    const reached = gate()
    const runtime = world.begin()
    await world.transact(() => runtime.start(job('a')))
    let heard = false
    await serve(runtime, async (_, durable) => {
      await durable.step('long', async ({ signal }) => {
        reached.open()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        return 'stopped'
      })
      heard = true
    })
    await reached.opened
    runtime.cancel('a/1')
    await runtime.idle()
    assert.ok(heard)
    assert.deepEqual(await runtime.living(), [])
    await runtime.stop()
  })

  promise('a workflow that breaks is begun again, after its remembered steps', async (world) => {
    await world.attempt('a')
    const bodies: string[] = []
    const failures: string[] = []
    const over = gate()
    const runtime = world.begin((_, error) => failures.push(String(error)))
    await world.transact(() => runtime.start(job('a')))
    await serve(runtime, async (_, durable) => {
      await durable.step('one', async () => (bodies.push('one'), 1))
      if (failures.length === 0) throw new Error('a bug')
      over.open()
    })
    await over.opened
    await runtime.stop()
    assert.deepEqual(bodies, ['one'])
    assert.deepEqual(failures, ['Error: a bug'])
  })

  promise('a holder that was replaced runs no further step: a zombie touches nothing', async (world) => {
    await world.attempt('a')
    const reached = gate()
    const wake = gate()
    const bodies: string[] = []
    const zombie = world.begin()
    await world.transact(() => zombie.start(job('a')))
    await serve(zombie, async (_, durable) => {
      await durable.step('one', async () => {
        reached.open()
        await wake.opened
        return 1
      })
      await durable.step('two', async () => (bodies.push('by the zombie'), 2))
    })
    await reached.opened
    const over = gate()
    const heir = world.begin()
    await serve(heir, async (_, durable) => {
      await durable.step('one', async () => 1)
      await durable.step('two', async () => (bodies.push('by the heir'), 2))
      over.open()
    })
    await over.opened
    wake.open()
    await zombie.idle()
    await heir.stop()
    assert.deepEqual(bodies, ['by the heir'])
  })

  promise(
    'a step that the runtime’s own end cut short is repeated at its next start, a cancelled one is not',
    async (world) => {
      for (const [task, how] of [
        ['stopped', 'stop'],
        ['cancelled', 'cancel'],
      ] as const) {
        await world.attempt(task)
        const begun = gate()
        const answers: string[] = []
        const cutShort: Workflow = async (_, durable) => {
          const answer = await durable.step('long', async (step) => {
            begun.open()
            if (answers.length === 0 && !step.signal.aborted)
              await new Promise((resolve) => step.signal.addEventListener('abort', resolve, { once: true }))
            answers.push('asked')
            if (answers.length === 1) step.endIfStopping()
            return 'said'
          })
          answers.push(answer)
        }
        const runtime = world.begin()
        await serve(runtime, cutShort)
        await world.transact(() => runtime.start(job(task)))
        runtime.poke()
        await begun.opened
        if (how === 'cancel') runtime.cancel(job(task).id)
        else await runtime.stop()
        await runtime.idle()
        assert.deepEqual(answers, how === 'stop' ? ['asked'] : ['asked', 'said'])
        if (how === 'cancel') continue
        const next = world.begin()
        await serve(next, cutShort)
        await next.idle()
        assert.deepEqual(answers, ['asked', 'asked', 'said'])
        await next.stop()
      }
    },
  )

  promise('stopping waits for what runs, starts nothing new, and may be asked twice', async (world) => {
    await world.attempt('a')
    await world.attempt('b')
    const reached = gate()
    let ended = false
    const runtime = world.begin()
    await world.transact(() => runtime.start(job('a')))
    await serve(runtime, async (_, durable) => {
      await durable.step('long', async ({ signal }) => {
        reached.open()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        return 'stopped'
      })
      ended = true
    })
    await reached.opened
    await Promise.all([runtime.stop(), runtime.stop()])
    assert.ok(ended)
    await world.transact(() => runtime.start(job('b')))
    runtime.poke()
    assert.deepEqual(runtime.running(), [])
  })
}
