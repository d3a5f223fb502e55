import type { Report } from '../domain/verdict.ts'
import { readVerdictWord } from '../domain/verdict.ts'

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A report as it comes from an agent: every field looked at, nothing believed. */
export function readReport(said: unknown): Report | null {
  if (typeof said !== 'object' || said === null) return null
  const fields = said as Record<string, unknown>
  const verdict = readVerdictWord(text(fields.verdict))
  if (!verdict) return null
  return {
    verdict,
    summary: text(fields.summary).slice(0, 2000),
    detail: text(fields.detail).slice(0, 250_000),
    tokensIn: number(fields.tokensIn),
    tokensOut: number(fields.tokensOut),
    durationS: number(fields.durationS),
    testsPassed: number(fields.testsPassed),
    testsFailed: number(fields.testsFailed),
    filesChanged: number(fields.filesChanged),
  }
}

/** A report left in the attempt's folder counts when it is whole and shows the attempt's token. */
export function readReportFile(content: string | undefined, isToken: (token: string) => boolean): Report | null {
  if (content === undefined) return null
  try {
    const said = JSON.parse(content) as { token?: unknown; report?: unknown }
    return isToken(text(said.token)) ? readReport(said.report) : null
  } catch {
    // Half a file is no report: it is written with a rename, so this one was left by something else.
    return null
  }
}
