export interface ExecCall {
  file: string
  args: readonly string[]
  cwd: string
  /** Nothing else is inherited. */
  env: Readonly<Record<string, string>>
  /** What many calls have in common, the very same object each time: said to a shell once. `env` goes before it. */
  shared?: Readonly<Record<string, string>>
  input?: string
  timeoutMs?: number
}

export interface Executed {
  exitCode: number | null
  signal: string | null
  stdout: string
  stderr: string
}

export type Exec = (call: ExecCall, signal?: AbortSignal) => Promise<Executed>
