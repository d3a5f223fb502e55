import { DroverError } from '../domain/error.ts'
import { type ColorMode, isColored, type Paint, painter } from './color.ts'
import { escaped, safeJson } from './escape.ts'
import type { Terminal } from './terminal.ts'

export interface PrintOptions {
  json: boolean
  quiet: boolean
  verbose: boolean
  color: ColorMode
}

/** Results go to stdout, everything else to stderr. */
export interface Print {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** Whether a person looks at stdout. */
  readonly isTerminal: boolean
  readonly ascii: boolean
  readonly width: number
  readonly paint: Paint
  lines(lines: readonly string[]): void
  /** The answer: a document for programs, or lines for people. */
  result(answer: object, lines: () => readonly string[]): void
  /** One of many, as a line of JSON. */
  jsonLine(value: unknown): void
  /** What was changed, and the command that comes next. */
  done(answer: object, sentence: string, next?: string): void
  /** Words beside the result, and the command that comes next. */
  note(text: string, next?: string): void
  warn(text: string): void
}

export function openPrint(name: string, { json, quiet, verbose, color }: PrintOptions, terminal: Terminal): Print {
  const { stdout, stderr, facts } = terminal
  const paint = painter(isColored(color, facts, stdout))
  const paintError = painter(isColored(color, facts, stderr))
  const ascii = facts.utf8 === false
  const lines = (some: readonly string[]): void => void (some.length > 0 && stdout.write(`${some.join('\n')}\n`))
  const arrow = ascii ? '->' : '→'
  const note: Print['note'] = (text, next) => {
    if (!quiet) stderr.write(`${[...(text === '' ? [] : [text]), ...(next ? [`${arrow} ${next}`] : [])].join('\n')}\n`)
  }
  const result: Print['result'] = (answer, human) =>
    json ? void stdout.write(`${safeJson(envelope(name, answer), 2)}\n`) : lines(human())
  return {
    json,
    quiet,
    verbose,
    isTerminal: stdout.isTTY === true,
    ascii,
    // A terminal that does not know its width says 0.
    width: (stdout.isTTY ? stdout.columns : 0) || facts.columns || (stdout.isTTY ? 80 : Infinity),
    paint,
    lines,
    result,
    jsonLine: (value) => void stdout.write(`${safeJson(value)}\n`),
    done(answer, sentence, next) {
      result(answer, () => (quiet ? [] : [`${paint('green', ascii ? 'ok' : '✅')} ${sentence}`]))
      if (next && !json) note('', next)
    },
    note,
    warn: (text) => note(`${paintError('yellow', 'warning:')} ${text}`),
  }
}

export const envelope = (name: string, data: object) => ({ schema: `drover.${name.replaceAll(' ', '-')}/v1`, data })

/** Shows an error to people, and to programs where they asked for JSON; answers with the exit code. */
export function printError(
  error: unknown,
  options: { json: boolean; color: ColorMode },
  { stdout, stderr, facts }: Terminal,
): number {
  const shown = error instanceof DroverError ? error : undefined
  const paint = painter(isColored(options.color, facts, stderr))
  const message = error instanceof Error ? error.message : String(error)
  const code = shown?.code ?? 'unexpected'
  const hint = shown?.hint ?? 'drover doctor'
  if (options.json) stdout.write(`${safeJson({ schema: 'drover.error/v1', error: { code, message, hint } }, 2)}\n`)
  const lines = message.split('\n').map(escaped)
  stderr.write(
    `${paint(['red', 'bold'], `error[${code}]:`)} ${lines.join('\n')}\n  ${paint('cyan', 'hint:')} ${escaped(hint)}\n`,
  )
  if (facts.debug && error instanceof Error)
    stderr.write(`${error.stack}\n${error.cause ? `cause: ${String(error.cause)}\n` : ''}`)
  return shown?.exit ?? 1
}
