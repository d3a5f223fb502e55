import type { Driver } from '../ports/driver.ts'
import type { AcpOptions } from './acp-options.ts'
import { openAcpTalk } from './acp-talk.ts'
import type { Words } from './words.ts'

/**
 * Any program that speaks the Agent Client Protocol, JSON-RPC in lines on stdio. A second prompt in a running turn means something else to each of
 * them, so a hint first ends the turn, and goes on with it.
 */
export function acpDriver(name: string, words: Words, options: AcpOptions = {}): Driver {
  return {
    name,
    abilities: {
      continues: true,
      resumes: true,
      adoptable: false,
      hint: options.forgetsCancelled ? 'queue' : 'interrupt',
      interrupt: options.forgetsCancelled ? 'signal' : 'protocol',
      tools: true,
      cost: 'tokens',
      limits: 'none',
      remembersBroken: !options.forgetsCancelled,
      recalls: true,
    },
    program: options.program ?? null,
    ...(options.fallback && { fallback: options.fallback }),
    spawn(spec) {
      const command = [words.path, ...(options.args?.(spec) ?? []), ...words.args]
      const first = options.first?.(spec)
      const [file = '', ...args] = first === undefined ? command : ['sh', '-c', `${first}\nexec "$@"`, 'sh', ...command]
      return {
        file,
        args,
        env: { ...words.env },
        stdin: 'fifo',
        ...(options.files && { files: options.files(spec) }),
      }
    },
    talk: (spec) => openAcpTalk(spec, options),
    configured: options.configured ?? (() => ({})),
  }
}

/** A word as a shell takes it, whatever is in it. */
export const inShell = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
