import { join } from 'node:path'
import type { Hand } from '../domain/hand.ts'
import type { Crew } from '../flow/crew.ts'
import { openSteering } from '../flow/steering.ts'
import { openJudge } from '../judges/judges.ts'
import { none } from '../isolation/none.ts'
import { runId } from '../domain/id.ts'
import type { Evidence, Judge } from '../ports/judge.ts'
import { openPicker } from './account-picker.ts'
import { agentEnv } from './agent-env.ts'
import { openGround } from './ground.ts'
import { environment, faultWords } from './load-config.ts'
import { openAgents } from './open-agents.ts'
import type { Project } from './open-project.ts'
import { openRuntime } from './open-runtime.ts'
import { placesBelow } from './places.ts'
import { openWorkspaceFor } from './open-workspace.ts'
import { surround } from './surroundings.ts'
import { openSystem } from './system.ts'

export interface DrivingCrew extends Crew {
  close(): Promise<void>

  /** Agents whose program is there, with the accounts to use from now on: all, or only these. */
  openHands(only: readonly string[] | null): () => Promise<readonly Hand[]>
}

/** Every port gets its adapter, for the process that drives the project. */
export async function openCrew(
  project: Project,
  doors: { socket: string; tools: () => Promise<string>; workers: number },
  on: { trouble(job: string, error: unknown): void; lost(error: unknown): void; stop: AbortSignal },
): Promise<DrivingCrew> {
  const { ledger, reading, records, clock, config } = project
  const here = surround(project, doors)
  const faults = faultWords === undefined ? undefined : (await import('./faults.ts')).plantFaults(faultWords)
  const hands = openSystem(join(placesBelow(project.places).run, 'calls'))
  const system = faults?.hands(hands) ?? hands
  const onFailure = (job: { id: string }, error: unknown): void => {
    const stack = error instanceof Error ? error.stack : undefined
    here.log('error', `${job.id} broke and is begun again: ${String(error)}`, { stack })
    on.trouble(job.id, error)
  }
  const agents = openAgents(config, project.places)
  const judging = {
    system,
    command: config.settings.judge_command,
    env: agentEnv(environment, config.settings.env_pass, {}),
    timeoutMs: config.settings.task_timeout,
    markOf: ({ task, attempt }: Evidence) => runId(project.id, task.id, attempt),
  }
  const judgeNamed = (name: string): Judge => openJudge(name, judging) ?? openJudge('chain', judging)!
  const crew: DrivingCrew = {
    ledger,
    reading,
    records,
    clock,
    system,
    ground: openGround(project),
    here,
    settings: config.settings,
    runtime: await openRuntime(project, {
      workers: doors.workers,
      log: here.log,
      onFailure,
      onLost: on.lost,
      stop: on.stop,
    }),
    workspace: await openWorkspaceFor(project, system),
    isolation: none,
    driverFor: agents.driverFor,
    agentSettings: agents.agentSettings,
    envOfAccount: agents.envOfAccount,
    steering: openSteering(),
    judgeFor: (name) => judgeNamed(name ?? config.settings.judge),
    close: () => system.close(),
    openHands: (only) =>
      openPicker(agents.hands(only), {
        commandFor: agents.accountCommand,
        config,
        system,
        here,
        clock,
        places: project.places,
      }),
  }
  return faults?.crew(crew) ?? crew
}
