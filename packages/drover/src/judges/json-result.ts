import { verdictOf } from '../domain/verdict.ts'
import type { Judge } from '../ports/judge.ts'
import { readClaim } from './claim-file.ts'
import { readVerdictJson } from './verdict-json.ts'

const name = 'json-result'
const file = 'result.json'

/** Reads the verdict in `result.json`. */
export const jsonResult: Judge = {
  name,
  async judge(evidence) {
    const claim = await readClaim(evidence, file)
    if (claim === undefined) return undefined
    const read = claim === 'unreadable' ? { problem: 'it cannot be read' } : readVerdictJson(claim.text, name)
    return 'problem' in read
      ? verdictOf('unknown', name, `${file} says nothing: ${read.problem}`, `malformed or unreadable: ${file}`)
      : read
  },
}
