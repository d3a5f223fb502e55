import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Durable, Job, Living, Runtime, Step, Weight, Workflow } from '../../src/ports/durable.ts'
import type { News, Order, RunnerWords } from './job-runner.ts'

const program = fileURLToPath(new URL('job-runner.ts', import.meta.url))

/** A runtime in a process of its own, which runs this test's workflows: only so can it be killed, or stand still. */
export interface RemoteRuntime extends Runtime {
  readonly pid: number
  readonly log: readonly string[]
  /** Resolves when it was told that others have taken over what it ran. */
  readonly dead: Promise<void>
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  readonly ended: Promise<unknown>
}

interface Options extends RunnerWords {
  start: Runtime['start']
  onFailure(job: Job, error: unknown): void
}

/** What the body of the test's step throws when its runtime ends it. */
class Ended extends Error {}

export function startRunner({ start, onFailure, ...words }: Options): RemoteRuntime {
  const child = fork(program, [JSON.stringify(words)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const calls = new Map<number, PromiseWithResolvers<unknown>>()
  const bodies = new Map<number, (step: Step) => Promise<unknown>>()
  const signals = new Map<number, { abort: AbortController; stopping: boolean }>()
  const open = new Map<number, string>()
  const log: string[] = []
  const dead = Promise.withResolvers<void>()
  let workflows: Readonly<Record<Job['kind'], Workflow>> | undefined
  let count = 0
  let isStill = false

  const send = (order: Order): void => {
    if (child.connected) child.send(order)
  }
  const call = (order: (call: number) => Order): Promise<unknown> => {
    if (isStill) kill('SIGCONT')
    const number = ++count
    const answer = Promise.withResolvers<unknown>()
    calls.set(number, answer)
    send(order(number))
    return answer.promise
  }
  const kill = (signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void => {
    isStill = signal === 'SIGSTOP'
    child.kill(signal)
  }

  const drive = async ({ run, job, holder }: News & { tell: 'run' }): Promise<void> => {
    open.set(run, job.id)
    const step = <T>(name: string, body: (step: Step) => Promise<T>, weight?: Weight): Promise<T> =>
      call((number) => {
        bodies.set(number, body)
        return { ask: 'step', run, call: number, name, ...(weight ? { weight } : {}) }
      }) as Promise<T>
    const durable: Durable = { job: job.id, holder, step }
    const failed = await workflows![job.kind](job, durable).then(() => undefined, wordsOf)
    send(failed === undefined ? { ask: 'end', run } : { ask: 'end', run, failed })
  }

  const body = async (news: News & { tell: 'body' }): Promise<void> => {
    const at = { abort: new AbortController(), stopping: news.stopping }
    signals.set(news.body, at)
    if (news.aborted) at.abort.abort()
    const step: Step = {
      key: news.key,
      signal: at.abort.signal,
      together: () => function* () {},
      endIfStopping() {
        if (at.stopping) throw new Ended()
      },
    }
    try {
      send({ ask: 'did', body: news.body, value: await bodies.get(news.call)!(step) })
    } catch (error) {
      send({ ask: 'did', body: news.body, ...(error instanceof Ended ? { ends: true } : { failed: wordsOf(error) }) })
    }
  }

  child.on('message', (news: News) => {
    if (news.tell === 'run') void drive(news)
    else if (news.tell === 'over') open.delete(news.run)
    else if (news.tell === 'body') void body(news)
    else if (news.tell === 'broke') onFailure(news.job, new Error(news.failed))
    else if (news.tell === 'dead') dead.resolve()
    else if (news.tell === 'log') log.push(news.words)
    else if (news.tell === 'abort') {
      const at = signals.get(news.body)!
      at.stopping = news.stopping
      at.abort.abort()
    } else if (news.failed === undefined) calls.get(news.call)?.resolve(news.value)
    else calls.get(news.call)?.reject(new Error(news.failed))
  })

  return {
    pid: child.pid!,
    log,
    dead: dead.promise,
    kill,
    ended: exitOf(child),
    start,
    async serve(given) {
      workflows = given
      await call((number) => ({ ask: 'serve', call: number }))
    },
    poke: () => send({ ask: 'poke' }),
    cancel: (job) => send({ ask: 'cancel', job }),
    running: () => [...open.values()],
    broken: () => [],
    deaths: (job) => call((number) => ({ ask: 'deaths', call: number, job })) as Promise<number | undefined>,
    living: () => call((number) => ({ ask: 'living', call: number })) as Promise<Living[]>,
    idle: () => call((number) => ({ ask: 'idle', call: number })) as Promise<void>,
    stop: () => call((number) => ({ ask: 'stop', call: number })) as Promise<void>,
  }
}

const exitOf = (child: ChildProcess): Promise<unknown> => once(child, 'exit')
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
