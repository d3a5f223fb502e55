import type { Driver } from '../ports/driver.ts'
import { codexExecDriver } from './codex-exec.ts'
import { codexProgram } from './codex-program.ts'
import { talkWithCodex } from './codex-talk.ts'
import { lookingBack } from './look-back.ts'
import type { Words } from './words.ts'

const rollout = '"${CODEX_HOME:-$HOME/.codex}"/sessions/*/*/*/rollout-*-"$0".jsonl'

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
      recalls: true,
    },
    program: codexProgram(words),
    fallback: codexExecDriver(words),
    spawn: (spec) => {
      const args = ['app-server', ...words.args]
      return lookingBack(spec, { file: words.path, args, env: { ...words.env }, stdin: 'fifo' }, rollout)
    },
    talk: talkWithCodex,
    configured: (folder) => ({ CODEX_HOME: folder }),
  }
}
