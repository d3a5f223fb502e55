import type { NewEvent } from '../../src/domain/event.ts'
import { settleRefusal } from '../../src/domain/settle.ts'
import { passedParts } from '../../src/flow/parts.ts'
import type { Part } from '../../src/ports/ledger.ts'
import type { ForeseenJob } from './forecast.ts'
import { complete, refuse } from './foresee-machines.ts'
import { type Dice, type Hall, jobDone, realTask, rulesOf } from './hall.ts'
import { tell } from './machines.ts'

type Said = { [T in NewEvent['type']]: { type: T; data: Extract<NewEvent, { type: T }>['data'] } }[NewEvent['type']]

/** One step further with a landing: merged, gated, intended, and then landed or built again on a branch that moved. */
export async function landOn(hall: Hall, job: ForeseenJob, { b }: Dice): Promise<void> {
  if (job.isIntended) return b % 4 === 0 ? moved(hall, job) : landed(hall, job)
  const commit = `landed-${job.id}`
  const steps: [string, Said][] = [
    ['note merge', { type: 'landing.merged', data: { tip: 'tip', tree: 'tree', commit, n: landingOf(job) } }],
    [
      'note gate',
      {
        type: 'landing.gated',
        data: { tree: 'tree', passed: true, evidence: 'e', log: 'l', durationMs: b, n: landingOf(job) },
      },
    ],
  ]
  const step = steps[b % 9]
  if (step) return void (await say(hall, job, { step: `${step[0]} ${++hall.count}`, events: [step[1]] }))
  const reason = (['conflict', 'gate', 'review', 'checkout'] as const)[(b % 9) - steps.length]
  if (reason) return refused(hall, job, reason)
  if (b % 9 === 6) return finish(hall, job, null)
  const data = { commit, from: 'tip', branch: 'main', checkouts: [], n: landingOf(job) }
  if (await say(hall, job, { step: 'intend', events: [{ type: 'landing.intended', data }] }))
    hall.forecast.tasks.get(job.task)!.isIntended = job.isIntended = true
}

const landingOf = (job: ForeseenJob): number => Number(/\.(\d+)$/.exec(job.id)?.[1] ?? 1)
const about = (job: ForeseenJob, said: Said): NewEvent =>
  ({ ...said, task: job.task, attempt: job.attempt }) as NewEvent

/** False when the task is not in this landing any more: nothing is left to do but to leave. */
async function say(
  hall: Hall,
  job: ForeseenJob,
  { step, events, more = [], last = false }: { step: string; events: Said[]; more?: NewEvent[]; last?: boolean },
): Promise<boolean> {
  const { status } = hall.forecast.tasks.get(job.task)!
  const key = `${job.id}/${step}${job.tries === 1 ? '' : ` ${job.tries}`}`
  const all = [...events.map((event) => about(job, event)), ...more]
  const beside = function* (): Part {
    if (last) yield* jobDone(job.id)
  }
  const answer = await tell(hall, job, { key, events: all, can: status === 'landing', beside })
  const isOurs = answer === 'appended' || answer === 'already'
  job.isOver = !isOurs
  if (isOurs && last) job.isDone = true
  return answer === 'appended'
}

async function moved(hall: Hall, job: ForeseenJob): Promise<void> {
  const data = { reason: 'moved', detail: 'main moved meanwhile', n: landingOf(job) } as const
  if (!(await say(hall, job, { step: 'note move', events: [{ type: 'landing.refused', data }] }))) return
  hall.forecast.tasks.get(job.task)!.isIntended = job.isIntended = false
  job.tries++
}

async function landed(hall: Hall, job: ForeseenJob): Promise<void> {
  await finish(hall, job, `landed-${job.id}`)
  hall.forecast.tasks.get(job.task)!.isIntended = job.isIntended = false
}

async function finish(hall: Hall, job: ForeseenJob, commit: string | null): Promise<void> {
  const parts = (await passedParts(hall.reading, job.task)).map(({ id }) => id)
  const more = [...parts, job.task].map((task): NewEvent => ({
    type: 'task.completed',
    task,
    attempt: job.attempt,
    data: { commit },
  }))
  const data = { commit: commit ?? '', from: 'tip', branch: 'main', n: landingOf(job) }
  const events: Said[] = commit === null ? [] : [{ type: 'landing.landed', data }]
  if (await say(hall, job, { step: 'record', events, more, last: true }))
    complete(hall.forecast, hall.forecast.tasks.get(job.task)!, commit)
}

async function refused(
  hall: Hall,
  job: ForeseenJob,
  reason: 'conflict' | 'gate' | 'review' | 'checkout',
): Promise<void> {
  const { forecast } = hall
  const task = forecast.tasks.get(job.task)!
  const real = await realTask(hall, job.task)
  const detail = 'in words'
  const next: NewEvent =
    reason === 'conflict' || reason === 'gate'
      ? settleRefusal(real, { reason, detail }, rulesOf(task), forecast.now)
      : {
          type: 'task.blocked',
          task: real.id,
          attempt: real.attempt,
          data: { reason, note: detail, counts: false, verdict: null },
        }
  const events: Said[] = [{ type: 'landing.refused', data: { reason, detail, n: landingOf(job) } }]
  if (!(await say(hall, job, { step: 'record', events, more: [next] }))) return
  refuse(forecast, task, reason, !task.isCommand)
  job.isOver = true
}
