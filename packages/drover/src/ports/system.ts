/** What the wrapper of an attempt's agent says of it. */
export type AgentState =
  | { state: 'absent' }
  /** `ageMs`: since it began, by a clock that nobody sets; null where the system does not tell. */
  | { state: 'alive'; pid: number; ageMs: number | null }
  | { state: 'over'; exitCode: number | null; signal: string | null }

export interface AgentLaunch {
  /** The attempt's folder: pid, in, out, err, exit, prompt.md are here. */
  folder: string
  cwd: string
  file: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  stdin: 'prompt' | 'fifo' | 'none'
  /** Private files of the folder that it needs, by name. `open` is what is said first through the FIFO. */
  files?: Readonly<Record<string, string>>
}

export interface Finished {
  exitCode: number | null
  signal: string | null
  timedOut: boolean
  /** The end of what it printed, both streams. */
  tail: string
  durationMs: number
}

export interface CommandRun {
  /** A shell command of the user's (setup, gate, check, judge). */
  command: string
  cwd: string
  env: Readonly<Record<string, string>>
  timeoutMs: number
  logFile: string | null
  input?: string
  /** `DROVER_RUN_ID` its processes carry, so that all of them can be ended. */
  mark: string
}

/** Processes and the attempt's files. */
export interface System {
  /**
   * Starts the agent under the wrapper, which outlives this process. Returns when the wrapper has written its pid.
   * A folder whose agent lives or is over is left as it is: `look` says which.
   */
  launch(launch: AgentLaunch): Promise<void>
  /** Looks at the attempt's folder: exact, also when the process is somebody else's child. */
  look(folder: string, mark: string): Promise<AgentState>
  /** Resolves when the agent's state or its output changed, at the latest after the given time. */
  stirred(folder: string, withinMs: number, signal: AbortSignal): Promise<void>
  /** Says lines to an agent that is spoken to. False when nobody is there to hear them. */
  say(folder: string, lines: readonly string[]): Promise<boolean>
  /** Asks the agent's group to stop what it is doing, as Ctrl-C does. */
  interrupt(folder: string): Promise<void>
  /** Puts aside what an earlier program of this attempt left in the folder, and tells how many did. */
  again(folder: string): Promise<number>
  /** How many programs of this attempt have been put aside. */
  earlier(folder: string): number
  /** The end of what it complained of. */
  errors(folder: string, bytes: number): Promise<string>
  /** Bytes the agent printed so far. */
  outputSize(folder: string): Promise<number>
  /** New whole lines from the byte offset on, at most so many bytes; a line is cut at 1 MiB. */
  readLines(folder: string, offset: number, limit: number): Promise<{ lines: string[]; offset: number }>
  tail(folder: string, bytes: number): Promise<string>
  /** Ends the group of the wrapper and every process that carries the mark; asks, waits, kills, looks twice. */
  end(wanted: { folder: string | null; mark: string; graceMs: number }): Promise<void>
  /** Processes that carry a mark beginning so. */
  marked(prefix: string): Promise<number[]>
  run(command: CommandRun, signal: AbortSignal): Promise<Finished>
  writeFile(path: string, text: string): Promise<void>
  readFile(path: string): Promise<string | undefined>
}
