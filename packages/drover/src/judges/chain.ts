import type { Judge } from '../ports/judge.ts'

/** Asks one judge after the other: the first that knows has the word. */
export function chain(judges: readonly Judge[]): Judge {
  return {
    name: 'chain',
    async judge(evidence, signal) {
      for (const one of judges) {
        const verdict = await one.judge(evidence, signal)
        if (verdict) return verdict
      }
      return undefined
    },
  }
}
