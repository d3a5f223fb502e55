import type { Driver, Program, Spec, Talk } from '../ports/driver.ts'
import { openAcpTalk } from './acp-talk.ts'
import type { Words } from './words.ts'

/** What is special about one program that speaks the Agent Client Protocol. */
export interface AcpOptions {
  program?: Program | null
  /** The arguments that make it speak ACP, and by which it is told what the protocol has no word for. */
  args?: (spec: Spec) => readonly string[]
  /** Files that the arguments name. */
  files?: (spec: Spec) => Readonly<Record<string, string>>
  /** A shell script that is done first, in the same process. */
  first?: (spec: Spec) => string | undefined
  /** Its counts of tokens are of the whole process, not of one prompt. */
  countsOn?: boolean
  /** It does not start the servers that a session is opened with: `args` names drover's. */
  ignoresServers?: boolean
  /** What one of its texts is, when it is the program's own word and none of the model's. */
  aside?: (text: string) => 'retrying' | 'error' | 'note' | undefined
  configured?: (folder: string) => Record<string, string>
  fallback?: Driver
}

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
      hint: 'interrupt',
      interrupt: 'protocol',
      tools: true,
      cost: 'tokens',
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
    talk: (spec): Talk => openAcpTalk(spec, options),
    configured: options.configured ?? (() => ({})),
  }
}

/** A word as a shell takes it, whatever is in it. */
export const inShell = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
