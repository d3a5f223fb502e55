import { passed, type Verdict, verdictOf } from '../domain/verdict.ts'
import type { Evidence, Judge } from '../ports/judge.ts'
import type { Finished, System } from '../ports/system.ts'
import { readVerdictJson } from './verdict-json.ts'

const name = 'command'

export interface CommandJudging {
  system: Pick<System, 'run'>
  /** The user's `judge_command`. */
  command: string
  env: Readonly<Record<string, string>>
  timeoutMs: number
  /** `DROVER_RUN_ID` of the command's processes. */
  markOf: (evidence: Evidence) => string
}

/** Asks a program of the user's: the evidence is its stdin, the verdict is the last thing it prints. */
export function commandJudge({ system, command, env, timeoutMs, markOf }: CommandJudging): Judge {
  return {
    name,
    async judge(evidence, signal) {
      try {
        const input = `${JSON.stringify(evidence)}\n`
        const asked = { command, cwd: evidence.worktree, env, timeoutMs, logFile: null, input, mark: markOf(evidence) }
        return conclude(await system.run(asked, signal))
      } catch (error) {
        return unknown(`it could not be run: ${error instanceof Error ? error.message : String(error)}`, '')
      }
    },
  }
}

const unknown = (problem: string, tail: string): Verdict =>
  verdictOf('unknown', name, `judge_command: ${problem}`, tail)

function conclude({ exitCode, signal, timedOut, tail }: Finished): Verdict {
  if (timedOut) return unknown('it took too long', tail)
  if (signal !== null) return unknown(`it was killed by ${signal}`, tail)
  const verdict = verdictIn(tail)
  if (!verdict) return unknown(`it ended with exit code ${exitCode} and printed no verdict`, tail)
  if (passed(verdict) && exitCode !== 0)
    return unknown(`it said ${verdict.verdict}, but ended with exit code ${exitCode}`, tail)
  return verdict
}

/** The last object that ends the output; before it a program may have printed what it likes. */
function verdictIn(tail: string): Verdict | undefined {
  const text = tail.trimEnd()
  const starts = [...text.matchAll(/^\{/gm)].map((found) => found.index).slice(-20)
  const read = starts.toReversed().map((start) => readVerdictJson(text.slice(start), name))
  return read.find((one) => !('problem' in one)) as Verdict | undefined
}
