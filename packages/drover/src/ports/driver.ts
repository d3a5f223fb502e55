/** What an agent's program can do; what it cannot, drover degrades around. */
export interface Abilities {
  /** It can go on from what an earlier attempt left in the worktree. */
  continues: boolean
  /** It has a session that can be resumed. */
  resumes: boolean
  /** A daemon that was restarted may simply go on reading it. */
  adoptable: boolean
}

/** What the driver is told about the attempt. */
export interface Spec {
  run: string | null
  promptFile: string
  session: string | null
  worktree: string
}

export interface Launch {
  file: string
  args: string[]
  env: Record<string, string>
  /** A program that takes one prompt has it as stdin, with its end; one that is spoken to has a FIFO. */
  stdin: 'prompt' | 'fifo' | 'none'
}

export type AgentEvent = { kind: 'text'; text: string } | { kind: 'session'; session: string } | { kind: 'alive' }

/** Data and pure functions: the supervisor moves the bytes. */
export interface Driver {
  readonly name: string
  readonly abilities: Abilities
  spawn(spec: Spec): Launch
  read(line: string): AgentEvent[]
}
