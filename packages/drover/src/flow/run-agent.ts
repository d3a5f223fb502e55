import type { Durable, Step } from '../ports/durable.ts'
import type { Launch } from '../ports/driver.ts'
import type { AgentState } from '../ports/system.ts'
import type { Crew } from './crew.ts'
import { writePrompt } from './prompt.ts'
import { whoStopped } from './who-stopped.ts'
import { markOf, type Ran, type Work } from './work.ts'

const stopped = (end: Ran['end'], words: string): Ran => ({ end, exitCode: null, signal: null, words })

/** One supervised run: adopted when it lives already, started when it never did, its result collected when it is over. */
export async function runAgent(crew: Crew, durable: Durable, work: Work, step: Step): Promise<Ran> {
  const folder = crew.here.folderOf(work.task, work.attempt)
  const state = await crew.system.look(folder, markOf(crew, work))
  if (state.state === 'over') return over(state)
  if (step.signal.aborted) return aborted(crew, work)
  if (work.task !== work.owner) await beginPart(crew, durable, work)
  if (state.state === 'absent') await launch(crew, work, folder)
  return supervise(crew, work, state, step.signal)
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

async function launch(crew: Crew, work: Work, folder: string): Promise<void> {
  const task = (await crew.reading.task(work.task))!
  await crew.workspace.forgetClaims(work.owner)
  const worktree = (await crew.workspace.find(work.owner))!.path
  const driver = crew.driverFor(task.run === null ? (task.agent ?? crew.settings.agent) : 'command')
  const promptFile = await writePrompt(crew, task, work, folder)
  const spec = {
    run: task.run,
    prompt: (await crew.system.readFile(promptFile)) ?? '',
    promptFile,
    session: task.session,
    newSession: '',
    worktree,
    folder,
    model: null,
    permission: 'full',
    tools: null,
    readOnly: false,
  }
  const wrapped: Launch = crew.isolation.wrap(driver.spawn(spec), { worktree, folder })
  const env = crew.here.envOf({
    task: work.task,
    parent: work.owner,
    attempt: work.attempt,
    worktree,
    base: work.base,
    slot: work.slot,
    extra: wrapped.env,
  })
  await crew.system.launch({ folder, cwd: worktree, file: wrapped.file, args: wrapped.args, env, stdin: wrapped.stdin })
}

/** Watches until the agent is over, has said nothing for too long, has taken too long, or is to be stopped. */
async function supervise(crew: Crew, work: Work, found: AgentState, signal: AbortSignal): Promise<Ran> {
  const { system, clock, settings } = crew
  const folder = crew.here.folderOf(work.task, work.attempt)
  const task = (await crew.reading.task(work.task))!
  const limit = task.timeoutMs ?? settings.task_timeout
  const begun = clock.ticks() - Math.min(await ageOf(crew, work, found), limit)
  let heard = { at: clock.ticks(), size: -1 }
  for (;;) {
    const state = await system.look(folder, markOf(crew, work))
    if (state.state === 'over') return over(state)
    if (signal.aborted) return aborted(crew, work)
    const size = await system.outputSize(folder)
    if (size !== heard.size) heard = { at: clock.ticks(), size }
    const left = { timeout: begun + limit - clock.ticks(), stalled: heard.at + settings.stall_timeout - clock.ticks() }
    if (left.timeout <= 0) return stopped('timeout', `the attempt took longer than ${Math.round(limit / 1000)} s`)
    if (left.stalled <= 0)
      return stopped('stalled', `the agent said nothing for ${Math.round(settings.stall_timeout / 1000)} s`)
    await system.stirred(folder, Math.min(left.timeout, left.stalled, 60_000), signal)
  }
}

/** How long it has been at work already, when it is adopted. */
async function ageOf(crew: Crew, work: Work, found: AgentState): Promise<number> {
  if (found.state !== 'alive') return 0
  if (found.ageMs !== null) return found.ageMs
  const { startedAt } = (await crew.reading.attempt(work.owner, work.attempt)) ?? {}
  return startedAt == null ? 0 : Math.max(0, crew.clock.now() - startedAt)
}

async function aborted(crew: Crew, work: Work): Promise<Ran> {
  const { end, words } = await whoStopped(crew, work)
  return stopped(end, words)
}
