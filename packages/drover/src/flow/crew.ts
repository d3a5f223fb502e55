import type { Settings } from '../domain/settings.ts'
import type { Clock } from '../ports/clock.ts'
import type { AgentSettings } from '../domain/settings.ts'
import type { Driver, ToolServer } from '../ports/driver.ts'
import type { Runtime } from '../ports/durable.ts'
import type { Ground } from '../ports/ground.ts'
import type { Isolation } from '../ports/isolation.ts'
import type { Judge } from '../ports/judge.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Reading } from '../ports/reading.ts'
import type { Records } from '../ports/records.ts'
import type { System } from '../ports/system.ts'
import type { Workspace } from '../ports/workspace.ts'
import type { Steering } from './steering.ts'

/** Where an attempt's files are, and what its processes are told. Made by `app`, which alone knows paths and secrets. */
export interface Surroundings {
  project: string
  target: string
  machine: string
  /** `.drover/attempts/<task>/<attempt>` of this machine. */
  folderOf(task: string, attempt: number): string
  /** The environment of an attempt's processes: the allow-list, drover's own words, the attempt's token. */
  envOf(about: {
    task: string
    parent: string
    attempt: number
    worktree: string
    base: string
    slot: number
    extra: Readonly<Record<string, string>>
  }): Record<string, string>
  /** Drover's own tools, for the agent of this attempt. */
  toolsFor(env: Readonly<Record<string, string>>): Promise<ToolServer>
  /** The id of a new session: the same for the same words, and nobody else's. */
  sessionId(words: string): string
  /** Whether a report left in a file shows the token of its attempt. */
  isTokenOf(token: string, task: string, attempt: number): boolean
  committer: { name: string; email: string }
  log(level: 'info' | 'warn' | 'error', words: string, about?: Record<string, unknown>): void
}

/** All that the workflows work with. */
export interface Crew {
  ledger: Ledger
  reading: Reading
  records: Records
  runtime: Runtime
  workspace: Workspace
  system: System
  ground: Ground
  clock: Clock
  isolation: Isolation
  settings: Settings
  here: Surroundings
  driverFor(agent: string): Driver
  /** What the settings say of an agent: its model, its permission. */
  agentSettings(agent: string): Pick<AgentSettings, 'model' | 'permission'>
  /** What makes the agent's program use this account. */
  envOfAccount(agent: string, account: string | null): Record<string, string>
  steering: Steering
  judgeFor(name: string | null): Judge
}
