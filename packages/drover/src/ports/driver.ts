import type { Usage } from '../domain/task.ts'

/** What an agent's program can do; what it cannot, drover degrades around. */
export interface Abilities {
  /** It can go on from what an earlier attempt left in the worktree. */
  continues: boolean
  /** It has a session that can be resumed. */
  resumes: boolean
  /** A daemon that was restarted may simply go on reading it and speaking to it. */
  adoptable: boolean
  /** How words reach it while it works: in the running turn, as its next turn, by ending the turn and going on with them, or not at all. */
  hint: 'steer' | 'queue' | 'interrupt' | 'none'
  /** How a turn is ended so that the session stays whole: by a word of its protocol, or by SIGINT. */
  interrupt: 'protocol' | 'signal'
  /** It can be given drover's tools (MCP). */
  tools: boolean
  /** What it tells of its cost. */
  cost: 'money' | 'tokens' | 'none'
  /** How exactly it tells when a usage limit is over. */
  limits: 'time' | 'minute' | 'none'
  /** It remembers a tool that was broken off; else its model wants the same once more. */
  remembersBroken: boolean
  /** Going on in a session, it is known which words that session holds; else they may be said twice, or lost with who heard them last. */
  recalls: boolean
}

/** An MCP server that the agent is to start: drover's own. */
export interface ToolServer {
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** The same over HTTP, answered without a process of its own. */
  web?: { url: string; headers: Readonly<Record<string, string>> }
}

/** What the driver is told about the attempt. */
export interface Spec {
  run: string | null
  /** The words of the first turn, and the file they are in. */
  prompt: string
  promptFile: string
  /** The session to go on in; nothing begins a new one. */
  session: string | null
  /** Said to it before, and never answered: what of it the session does not hold is said before the prompt, by who can tell. */
  perhaps: readonly string[]
  /** The id of a new session, for programs that let it be chosen: a UUID, the same at every repetition. */
  newSession: string
  worktree: string
  /** The git folders that a commit in the worktree writes to, for a program that writes only where it may. */
  gitFolders?: readonly string[]
  /** The attempt's folder, for files the program needs. */
  folder: string
  model: string | null
  /** `full`: everything without asking; else a word of the program's own. */
  permission: string
  tools: ToolServer | null
  /** What it may still cost, in USD; nothing: as much as it takes. */
  budgetUsd: number | null
  /** It is to change nothing: research. */
  readOnly: boolean
}

export interface Launch {
  file: string
  args: string[]
  env: Record<string, string>
  /** A program that takes one prompt has it as stdin, with its end; one that is spoken to has a FIFO. */
  stdin: 'prompt' | 'fifo' | 'none'
  /** Written into the attempt's folder before it starts, by name. */
  files?: Readonly<Record<string, string>>
}

/** Why a turn ended, read from what was said, never from an exit code alone. */
export type TurnReason =
  | 'done'
  | 'interrupted'
  | 'limit'
  | 'auth'
  | 'overloaded'
  | 'context'
  | 'budget'
  | 'max_turns'
  | 'crashed'
  /** The program does not speak this protocol: its driver's fallback may. */
  | 'unsupported'

export interface TurnEnd {
  reason: TurnReason
  /** The agent's last words, or what went wrong. */
  text: string
  /** When its limit is over, in milliseconds since 1970, where it said so. */
  until: number | null
}

export type AgentEvent =
  | { kind: 'session'; session: string; model: string | null; version: string | null }
  | { kind: 'text'; text: string }
  /** A tool that has begun and not ended is a sign of life by itself. */
  | { kind: 'tool'; phase: 'begins' | 'ends'; id: string; name: string; detail: string }
  | { kind: 'alive' }
  /** Another turn has begun, after one that was over. */
  | { kind: 'begins' }
  /** It tries again by itself. */
  | { kind: 'retrying'; cause: 'limit' | 'overloaded' | 'auth' | 'server'; delayMs: number | null; text: string }
  /**
   * `added` since the last such event; `total` of the whole session, also over resuming: who counts takes the difference. `recorded` is what the
   * program wrote down of the session, told or not: what was not counted of it is counted now, and never counted back.
   */
  | { kind: 'usage'; added: Partial<Usage>; total: Partial<Usage>; recorded?: Partial<Usage> }
  /** How full an account's limit is, 0 to 1, or that it is reached. Not yet the end of a turn. */
  | { kind: 'limit'; reached: boolean; until: number | null; text: string }
  /** The hint with this id has reached it. */
  | { kind: 'heard'; hint: string }
  /** To be written to it at once: its protocol's answers. */
  | { kind: 'reply'; lines: string[] }
  | { kind: 'turn'; end: TurnEnd }

export type Intent =
  | { kind: 'prompt'; text: string }
  | { kind: 'hint'; id: string; text: string }
  | { kind: 'interrupt' }

/** One program's side of a conversation: what its lines mean and how to say things to it. It remembers what it read, nothing else. */
export interface Talk {
  /** What is said first, before anything was heard. */
  open(): string[]
  /** What a line means. Never throws: what it does not know means nothing. A daemon that takes over reads every line again, from the first. */
  read(line: string, now: number): AgentEvent[]
  /** The lines that say it; nothing when it cannot be said now. */
  say(intent: Intent): string[] | undefined
  /** What its end means, when it went without a word on how its turn ended. */
  ended?(about: { exitCode: number | null; signal: string | null; errors: string }): TurnEnd | undefined
}

/** Where it can be seen that somebody is logged in. */
export interface Login {
  /** Each of them is a login by itself. */
  variables: readonly string[]
  /** The folder of its configuration: below a variable's, or below the home where that is not set. */
  place: { variable: string; below: string; otherwise: string }
  /** In that folder, when somebody is logged in. */
  file?: string
  /** Arguments that make it say so itself, by its exit code. */
  ask?: readonly string[]
}

/** How a person finds the program, and gets in. */
export interface Program {
  /** What is looked for on the PATH. */
  name: string
  /** Arguments that make it print its version. */
  version: readonly string[]
  /** The command that logs in, to be shown to a person. */
  login: string
  whoIsIn?: Login
  /** How it is installed, to be shown to a person. */
  install: string
}

/** Data and pure functions: the supervisor moves the bytes. */
export interface Driver {
  readonly name: string
  readonly abilities: Abilities
  readonly program: Program | null
  /** Another way to speak to the same program, tried when this one is `unsupported`. */
  readonly fallback?: Driver
  spawn(spec: Spec): Launch
  talk(spec: Spec): Talk
  /** It is only run: what it prints is its own affair. */
  readonly silent?: true
  /** The environment that makes it use this configuration folder, with the account in it. */
  configured(folder: string): Record<string, string>
}
