/** What the environment says of the terminal; read by app/load-config.ts. */
export interface TerminalFacts {
  noColor: boolean
  forceColor: boolean
  term: string
  ci: boolean
  columns: number | undefined
  /** Whether the locale can show more than ASCII. */
  utf8?: boolean
  /** Whether errors show where they came from. */
  debug?: boolean
}

export interface Output {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  write(text: string | Uint8Array): unknown
}

export interface Input extends AsyncIterable<unknown> {
  readonly isTTY?: boolean | undefined
}

/** What drover was started with: nothing else of the process reaches a command. */
export interface Terminal {
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Output
  readonly cwd: string
  readonly facts: TerminalFacts
  /** From the first call on, signals no longer end the process: the first aborts `stop`, the second `kill`. */
  signals(): { stop: AbortSignal; kill: AbortSignal }
}

export async function readAll(input: Input): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk)))
  return Buffer.concat(chunks).toString('utf8')
}

/** The exit code of a command that a signal ended: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP. */
export const stoppedBy = ({ reason }: AbortSignal): number => (typeof reason === 'number' ? reason : 130)
