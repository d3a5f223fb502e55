import { readVerdictWord, type Verdict, verdictOf } from '../domain/verdict.ts'

/** Reads `{"verdict": "PASS", "summary": "…", "detail": …}`, or says what is wrong with it. */
export function readVerdictJson(text: string, by: string): Verdict | { problem: string } {
  const said = parse(text)
  if (said === undefined) return { problem: 'it is no JSON' }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return { problem: 'it is no JSON object' }
  const { verdict, summary, detail } = said as Record<string, unknown>
  if (verdict === undefined) return { problem: 'it has no "verdict"' }
  const kind = typeof verdict === 'string' ? readVerdictWord(verdict) : undefined
  if (!kind) return { problem: `${JSON.stringify(verdict).slice(0, 80)} is no verdict` }
  return verdictOf(kind, by, typeof summary === 'string' ? summary : '', asText(detail))
}

function asText(detail: unknown): string {
  if (detail === undefined || detail === null) return ''
  return typeof detail === 'string' ? detail : JSON.stringify(detail)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
