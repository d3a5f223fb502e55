import type { Evidence, Judge } from '../ports/judge.ts'
import { readVerdictWord, type Verdict, type VerdictKind, verdictOf } from '../domain/verdict.ts'
import { readClaim } from './claim-file.ts'

const name = 'marker-file'

/** Reads `PARCEL_DONE-<id>.md` or `PARCEL_DONE.md`, whose first verdict line counts. */
export const markerFile: Judge = {
  name,
  async judge(evidence) {
    for (const file of [`PARCEL_DONE-${evidence.task.id}.md`, 'PARCEL_DONE.md']) {
      const verdict = await judgeFile(evidence, file)
      if (verdict) return verdict
    }
    return undefined
  },
}

async function judgeFile(evidence: Evidence, file: string): Promise<Verdict | undefined> {
  const claim = await readClaim(evidence, file)
  if (claim === undefined) return undefined
  if (claim === 'unreadable')
    return verdictOf('unknown', name, 'the marker file cannot be read', `malformed or unreadable: ${file}`)
  const lines = claim.text.split('\n').map((line) => line.slice(0, lineLength))
  const said = firstOf(lines, readVerdictLine)
  // Nobody is left who could still be writing it.
  if (said === undefined)
    return verdictOf('unknown', name, 'the marker file has no verdict line', `malformed or unreadable: ${file}`)
  const kind = kindOf(said)
  if (!kind) return verdictOf('unknown', name, `"${said.slice(0, 60)}" is no verdict`, `unknown verdict in ${file}`)
  return verdictOf(kind, name, summaryOf(lines), file)
}

const lineLength = 1024
const ornaments = ' \t\r*_`#>+-'

/**
 * What stands behind `Verdict:`, in `**Verdict:** **PASS**`, `## Verdict: PASS`, `- verdict : pass` and the like.
 * Walks over the line once: a pattern for this would try all ways to share out a row of stars.
 */
export function readVerdictLine(line: string): string | undefined {
  const from = skip(line, 0)
  if (line.slice(from, from + 7).toLowerCase() !== 'verdict') return undefined
  const colon = skip(line, from + 7)
  return line[colon] === ':' ? line.slice(skip(line, colon + 1)) : undefined
}

function skip(line: string, from: number): number {
  let at = from
  while (at < line.length && ornaments.includes(line[at]!)) at += 1
  return at
}

/** `PASS.` and `PASS - all is well` pass; `PASS WITH RESERVATIONS` is no verdict, `BLOCK on the schema` is a block. */
function kindOf(said: string): VerdictKind | undefined {
  const end = phraseEnd(said)
  const next = said[end] ?? ''
  // `PASS | BLOCK`: a form that nobody filled in.
  if (next === '|' || next === '/') return undefined
  const words = said.slice(0, end)
  const whole = readVerdictWord(words)
  if (whole && !/[\p{L}\p{N}]/u.test(next)) return whole
  const first = readVerdictWord(words.split(' ', 1)[0]!)
  // Words behind a pass may take it back; words behind a refusal only explain it.
  return first === 'block' || first === 'fail' ? first : undefined
}

/** Letters, and what may join them in a verdict; a dash with blanks around it ends the verdict. */
function phraseEnd(said: string): number {
  let at = 0
  while (
    at < said.length &&
    /[A-Za-z _-]/.test(said[at]!) &&
    !said.startsWith(' - ', at) &&
    !said.startsWith(' -- ', at)
  )
    at += 1
  return at
}

/** What stands under `## Summary`, up to the next heading. */
function summaryOf(lines: readonly string[]): string {
  const heading = lines.findIndex((line) => line.toLowerCase().startsWith('## summary'))
  if (heading < 0) return ''
  const rest = lines.slice(heading + 1)
  const next = rest.findIndex((line) => line.startsWith('#'))
  return rest
    .slice(0, next < 0 ? rest.length : next)
    .join('\n')
    .trim()
}

function firstOf<T, R>(all: readonly T[], read: (one: T) => R | undefined): R | undefined {
  for (const one of all) {
    const found = read(one)
    if (found !== undefined) return found
  }
  return undefined
}
