import type { Crew } from '../flow/crew.ts'
import { readReport } from '../flow/report-file.ts'
import type { Answer, Request } from './socket-words.ts'

type FromAgent = Extract<Request, { ask: 'report' | 'progress' }>

const text = (value: unknown, most: number): string => (typeof value === 'string' ? value.slice(0, most) : '')

/** What agents may say to the daemon. Who they are follows from the token, never from what they claim. */
export const answerAgents =
  (crew: Crew) =>
  async ({ ask, runId, task, token, request, said }: FromAgent): Promise<Answer> => {
    const attempt = Number(/\/(\d+)$/.exec(runId)?.[1])
    if (!crew.here.isTokenOf(token, task, attempt)) return refused
    const event = ask === 'report' ? reportOf(said) : progressOf(said)
    if (!event)
      return {
        ok: false,
        code: 'usage',
        problem: 'this is no report: it needs a verdict of PASS, PASS_WITH_WARNINGS, BLOCK, FAIL',
      }
    const told = await crew.ledger.append([{ ...event, task, attempt }], {
      kind: 'agent',
      task,
      attempt,
      request: String(request).slice(0, 64),
    })
    return told.outcome === 'appended' || told.outcome === 'already' ? { ok: true } : refused
  }

const refused: Answer = {
  ok: false,
  code: 'refused-token',
  problem: 'this attempt is over, or the token belongs to another',
}

function reportOf(said: unknown) {
  const report = readReport(said)
  return report && ({ type: 'task.reported', data: { report } } as const)
}

function progressOf(said: unknown) {
  const { label, phase, detail } = (said ?? {}) as Record<string, unknown>
  return {
    type: 'task.progress',
    data: { label: text(label, 500), phase: text(phase, 50), detail: text(detail, 10_000) },
  } as const
}
