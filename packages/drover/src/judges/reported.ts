import type { Judge } from '../ports/judge.ts'
import { verdictOf } from '../domain/verdict.ts'

const name = 'reported'

/** Believes what the agent reported. */
export const reported: Judge = {
  name,
  async judge({ report }) {
    return report ? verdictOf(report.verdict, name, report.summary, report.detail) : undefined
  },
}
