import type { AgentSettings, Settings } from '../domain/settings.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger, Speaker } from '../ports/ledger.ts'
import type { Reading } from '../ports/reading.ts'

/** Where a project is: found by walking up from a folder, also from inside a task's worktree. */
export interface Places {
  /** The user's main checkout. */
  root: string
  /** `<root>/.drover` */
  folder: string
  /** The repository's common git folder. */
  gitDir: string
}

export interface Config {
  settings: Settings
  agents: Readonly<Record<string, AgentSettings>>
  /** Where each value comes from: flag, variable, file, default. */
  origins: Readonly<Record<string, string>>
  /** Notes to show once: old names that still work. */
  notes: readonly string[]
}

/** What a command is given. Git and the runtime are loaded only by those who need them. */
export interface Project {
  places: Places
  config: Config
  id: string
  target: string
  /** The person who types: git's user.name, else the system's user. */
  operator: string
  machine: string
  clock: Clock
  ledger: Ledger
  reading: Reading
  /** A person's words, with a request id of their own made now. */
  person(): Speaker
  /** Tells a living daemon that something was committed; silence when there is none. */
  poke(): Promise<void>
  close(): Promise<void>
}
