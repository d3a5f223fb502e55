import type { Driver } from '../ports/driver.ts'
import { codexExecDriver } from './codex-exec.ts'
import { codexProgram } from './codex-program.ts'
import { talkWithCodex } from './codex-talk.ts'
import type { Words } from './words.ts'

/** Codex, spoken to while it works: `app-server`, JSON-RPC in lines. */
export function codexDriver(words: Words): Driver {
  return {
    name: 'codex',
    abilities: {
      continues: true,
      resumes: true,
      adoptable: false, // its requests wait for answers that a new daemon would have to know of
      hint: 'steer',
      interrupt: 'protocol',
      tools: true,
      cost: 'tokens',
      limits: 'minute',
      remembersBroken: true,
    },
    program: codexProgram(words),
    fallback: codexExecDriver(words),
    spawn: () => ({
      file: words.path,
      args: ['app-server', ...words.args],
      env: { ...words.env },
      stdin: 'fifo',
    }),
    talk: talkWithCodex,
    configured: (folder) => ({ CODEX_HOME: folder }),
  }
}
