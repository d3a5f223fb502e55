import type { Clock } from '../ports/clock.ts'
import type { Durable, Job, Step, Weight, Workflow } from '../ports/durable.ts'
import { isLeaving, leaving, type Execution, type Remembered } from './dbos.ts'
import { strict } from './strict.ts'

export interface Driving {
  job: Job
  workflow: Workflow
  execution: Execution
  holder: string
  clock: Clock
  /** Aborts when the job is cancelled, when its runtime stops, and when it may not go on here. */
  signal: AbortSignal
  /** Aborts when nothing new may begin here. */
  stopping: AbortSignal
  /** Aborts when others may have this job by now: nothing that was done since is remembered. */
  lost: AbortSignal
  /** Whether this execution still has the job, as the database says. */
  holds(): Promise<boolean>
  /** It broke; `rests` until it is begun again. */
  onBreak(error: unknown): void
  onBegin(): void
}

/** Runs a workflow to its end, again and again where it breaks; leaves without a word when the job is not ours any more. */
export async function drive(driving: Driving): Promise<void> {
  const { job, workflow, stopping, lost, clock } = driving
  const rows = rowsOf(await driving.execution.remembered())
  for (let breaks = 1; ; breaks++) {
    try {
      driving.onBegin()
      return await workflow(job, openReplay(driving, rows))
    } catch (error) {
      if (isLeaving(error) || stopping.aborted || lost.aborted) throw leaving(job.id)
      driving.onBreak(error)
      await clock.sleep(Math.min(500 * 2 ** breaks, 60_000), AbortSignal.any([stopping, lost]))
    }
    if (stopping.aborted || lost.aborted) throw leaving(job.id)
  }
}

/** A row of DBOS's is one step with the light ones before it: what they did is told with it. */
interface Row {
  light: readonly Remembered[]
  own: Remembered
  /** DBOS has it under this execution's numbers already. */
  passed: boolean
}

const rowsOf = (remembered: readonly Remembered[]): Row[] =>
  remembered.map(({ name, value }) => {
    const { light, result } = value as Packed
    return { light, own: { name, value: result }, passed: false }
  })

// DBOS writes its row after the body: whatever it does is done under a key, so doing it again does no harm.
const together = () => function* () {}

interface Packed {
  result: unknown
  light: Remembered[]
}

/**
 * The steps of one run of the workflow. A body runs beside DBOS's step, not in it: DBOS would write its failure down as the
 * result, and count its number, where a workflow that breaks is to be begun again.
 */
function openReplay(driving: Driving, rows: Row[]): Durable {
  const { job, execution, holder, signal, stopping, lost } = driving
  const waiting: Remembered[] = []
  const known = rows.flatMap((row) => [...row.light.map((own) => ({ own, row: undefined })), { own: row.own, row }])
  let count = 0

  const step = async <T>(name: string, run: (step: Step) => Promise<T>, weight?: Weight): Promise<T> => {
    const found = known[count++]
    if (found && found.own.name !== name)
      throw new Error(`${job.id}: step ${count} was "${found.own.name}" and is "${name}" now`)
    if (found) {
      if (found.row) await pass(found.row)
      return found.own.value as T
    }
    if (lost.aborted || (weight !== 'light' && !(await driving.holds()))) throw leaving(job.id)
    const result = strict(await run({ key: `${job.id}/${name}`, signal, together, endIfStopping }))
    if (lost.aborted) throw leaving(job.id)
    if (weight !== undefined) waiting.push({ name, value: result })
    else await remember({ name, value: result })
    return result
  }

  const remember = async (own: Remembered): Promise<void> => {
    const row: Row = { light: [...waiting], own, passed: false }
    await pass(row)
    rows.push(row)
    waiting.length = 0
  }

  /** DBOS numbers what it is asked for: each row once in an execution, in order. */
  const pass = async (row: Row): Promise<void> => {
    if (row.passed) return
    row.passed = true
    const packed: Packed = { result: row.own.value, light: [...row.light] }
    await execution.remember({ name: row.own.name, value: packed })
  }

  const endIfStopping = (): void => {
    if (stopping.aborted || lost.aborted) throw leaving(job.id)
  }

  return { job: job.id, holder, step }
}
