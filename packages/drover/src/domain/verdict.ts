/** What drover concludes about an attempt. */
export type VerdictKind = 'pass' | 'pass_with_warnings' | 'block' | 'fail' | 'unknown'

export interface Check {
  command: string
  passed: boolean
  exitCode: number
  durationMs: number
  tail: string
}

export interface Verdict {
  verdict: VerdictKind
  summary: string
  /** Which judge knew. */
  by: string
  detail: string
  checks: Check[]
  /** What was said, where the evidence says otherwise. */
  claim?: { verdict: VerdictKind; summary: string }
  /** The files that the attempt changed, the first hundred of them by name. */
  changed?: { count: number; files: string[] }
}

/** What an agent says it did. Its claim and the evidence are kept apart. */
export interface Report {
  verdict: VerdictKind
  summary: string
  detail: string
  tokensIn: number | null
  tokensOut: number | null
  durationS: number | null
  testsPassed: number | null
  testsFailed: number | null
  filesChanged: number | null
}

export const passed = (verdict: Verdict): boolean =>
  verdict.verdict === 'pass' || verdict.verdict === 'pass_with_warnings'

const words: Record<string, VerdictKind> = {
  PASS: 'pass',
  PASSED: 'pass',
  PASS_WITH_WARNING: 'pass_with_warnings',
  PASS_WITH_WARNINGS: 'pass_with_warnings',
  BLOCK: 'block',
  BLOCKED: 'block',
  FAIL: 'fail',
  FAILED: 'fail',
  UNKNOWN: 'unknown',
}

/** Reads a verdict word in any case and spelling ("Pass with warnings"); nothing when it is no such word. */
export function readVerdictWord(text: string): VerdictKind | undefined {
  if (text.length > 60) return undefined
  return words[
    text
      .trim()
      .replace(/[\s_-]+/g, '_')
      .toUpperCase()
  ]
}

export const verdictOf = (verdict: VerdictKind, by: string, summary: string, detail = ''): Verdict => ({
  verdict,
  by,
  summary,
  detail,
  checks: [],
})
