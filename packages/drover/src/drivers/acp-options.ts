import type { Counting } from './acp-usage.ts'
import type { Driver, Program, Spec } from '../ports/driver.ts'

/** What is special about one program that speaks the Agent Client Protocol. */
export interface AcpOptions {
  program?: Program | null
  /** The arguments that make it speak ACP, and by which it is told what the protocol has no word for. */
  args?: (spec: Spec) => readonly string[]
  /** Files that the arguments name. */
  files?: (spec: Spec) => Readonly<Record<string, string>>
  /** A shell script that is done first, in the same process. */
  first?: (spec: Spec) => string | undefined
  counting?: Counting
  /** A turn that is cancelled is forgotten whole, with the prompt that began it: words wait for its end, and a stop is a signal. */
  forgetsCancelled?: boolean
  /** It does not start the servers that a session is opened with: `args` names drover's. */
  ignoresServers?: boolean
  /** What one of its texts is, when it is the program's own word and none of the model's. */
  aside?: (text: string) => 'retrying' | 'error' | 'note' | undefined
  configured?: (folder: string) => Record<string, string>
  fallback?: Driver
}
