import { constants } from 'node:os'
import { verdictOf } from '../domain/verdict.ts'
import type { Evidence, Judge } from '../ports/judge.ts'

const name = 'exit-code'

/** Goes by how the program ended. A `--run` command that succeeds has done its work; an agent has to show some. */
export const exitCode: Judge = {
  name,
  async judge(evidence) {
    if (evidence.exitCode !== 0)
      return verdictOf(evidence.signal === 'lost' ? 'unknown' : 'fail', name, endOf(evidence), evidence.outputTail)
    const { said } = evidence
    if (evidence.task.run !== null || evidence.changed.length > 0)
      return verdictOf('pass', name, said === null ? 'exit code 0' : lastWords(said), said ?? '')
    const ending = said === null ? 'exit code 0' : 'it ended its turn'
    return verdictOf('unknown', name, `${ending}, but nothing was reported and nothing changed`, evidence.outputTail)
  },
}

/** The first line of what it said at last is most often the sum of it. */
function lastWords(said: string): string {
  const line = said.split('\n').find((one) => one.trim() !== '')
  return line === undefined ? 'it ended its turn' : line.trim().slice(0, 300)
}

function endOf({ exitCode: code, signal }: Evidence): string {
  if (signal === 'lost') return 'it vanished: nobody was left to say how it ended'
  if (signal !== null) return `killed by ${signal} (signal ${constants.signals[signal as NodeJS.Signals] ?? '?'})`
  if (code === null) return 'it is not known how it ended'
  const behind = Object.entries(constants.signals).find(([, number]) => number === code - 128)
  return behind ? `exit code ${code}, as of a shell whose command was killed by ${behind[0]}` : `exit code ${code}`
}
