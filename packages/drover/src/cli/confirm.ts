import { DroverError } from '../domain/error.ts'
import type { Context } from './command.ts'

/** Asks before something that cannot easily be taken back. Off a terminal only `--yes` is a yes. */
export async function confirmed({ globals, terminal, print }: Context, what: string): Promise<boolean> {
  if (globals.yes) return true
  if (!terminal.stdin.isTTY || !terminal.stderr.isTTY) throw new DroverError('needs-yes', { what })
  terminal.stderr.write(`${what}. Go on? [y/N] `)
  const isYes = /^y(es)?$/i.test((await firstLine(terminal.stdin)).trim())
  if (!isYes) print.note('Nothing was changed.')
  return isYes
}

async function firstLine(input: AsyncIterable<unknown>): Promise<string> {
  for await (const chunk of input) return String(chunk)
  return ''
}
