import type { Durable, Step } from '../ports/durable.ts'
import type { AgentState } from '../ports/system.ts'
import { converse } from './converse.ts'
import type { Crew } from './crew.ts'
import { type Chosen, chosenFor } from './chosen.ts'
import { setDown, takeUpAnew } from './go-on.ts'
import { launchProgram } from './launch.ts'
import { deadlineOf, tooLate, tooQuiet } from './deadline.ts'
import { cutShort } from './who-stopped.ts'
import { markOf, type Ran, type Work } from './work.ts'

/** One supervised run: adopted when it lives already, started when it never did, its result collected when it is over. */
export async function runAgent(crew: Crew, durable: Durable, work: Work, step: Step): Promise<Ran> {
  const chosen = await chosenFor(crew, work)
  const ran = await runChosen(crew, durable, { work, chosen }, step)
  return chosen.task.run === null ? { ...ran, isAgent: true } : ran
}

async function runChosen(
  crew: Crew,
  durable: Durable,
  { work, chosen }: Pick<Supervised, 'work' | 'chosen'>,
  step: Step,
): Promise<Ran> {
  const folder = crew.here.folderOf(work.task, work.attempt)
  const atLeaseEnd = (): void => {
    if (step.signal.reason !== 'lease') return
    const tell = (error: unknown): void => crew.here.log('error', `${work.task} could not be stopped: ${String(error)}`)
    void setDown(crew, folder, markOf(crew, work)).catch(tell)
  }
  step.signal.addEventListener('abort', atLeaseEnd, { once: true })
  try {
    return await runIn(crew, durable, { work, chosen, folder }, step)
  } finally {
    step.signal.removeEventListener('abort', atLeaseEnd)
  }
}

async function runIn(
  crew: Crew,
  durable: Durable,
  { work, chosen, folder }: Omit<Supervised, 'found'>,
  step: Step,
): Promise<Ran> {
  const found = await crew.system.look(folder, markOf(crew, work))
  const isAnew = found.state === 'over' && !chosen.talks && (await takeUpAnew(crew.system, folder))
  const state: AgentState = isAnew ? { state: 'absent' } : found
  if (state.state === 'over' && !chosen.talks) return over(state)
  if (step.signal.aborted) return cutShort(crew, work)
  if (work.task !== work.owner && state.state === 'absent') await beginPart(crew, durable, work)
  if (chosen.talks) return converse(crew, durable, { work, chosen, folder, found: state }, step.signal)
  if (state.state === 'absent') await launchProgram(crew, work, chosen, { folder })
  return supervise(crew, { work, chosen, folder, found: state }, step.signal)
}

const over = ({ exitCode, signal }: AgentState & { state: 'over' }): Ran => ({
  end: 'over',
  exitCode,
  signal,
  words: '',
})

async function beginPart({ ledger, here }: Crew, durable: Durable, work: Work): Promise<void> {
  const event = {
    type: 'task.started',
    task: work.task,
    attempt: work.attempt,
    data: { machine: here.machine, slot: work.slot },
  } as const
  const key = `${durable.job}/${work.task}/started`
  await ledger.append([event], { kind: 'job', key, task: work.owner, attempt: work.attempt, holder: durable.holder })
}

interface Supervised {
  work: Work
  chosen: Chosen
  folder: string
  found: AgentState
}

/** Watches until the program is over, has printed nothing for too long, has taken too long, or is to be stopped. */
async function supervise(crew: Crew, { work, chosen, folder, found }: Supervised, signal: AbortSignal): Promise<Ran> {
  const { system, clock, settings } = crew
  const deadline = await deadlineOf(crew, work, { timeoutMs: chosen.timeoutMs, found })
  let heard = { at: clock.ticks(), size: -1 }
  for (;;) {
    const state = await system.look(folder, markOf(crew, work))
    if (state.state === 'over') return over(state)
    if (signal.aborted) return cutShort(crew, work)
    const size = await system.outputSize(folder)
    if (size !== heard.size) heard = { at: clock.ticks(), size }
    const left = { timeout: deadline - clock.ticks(), stalled: heard.at + settings.stall_timeout - clock.ticks() }
    if (left.timeout <= 0) return tooLate(chosen.timeoutMs)
    if (left.stalled <= 0) return tooQuiet(settings.stall_timeout)
    await system.stirred(folder, Math.min(left.timeout, left.stalled, 60_000), signal)
  }
}
