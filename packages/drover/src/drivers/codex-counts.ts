import type { Usage } from '../domain/task.ts'
import type { AgentEvent } from '../ports/driver.ts'
import { type Fields, fieldsIn, isFields, numberIn, textIn } from './json.ts'

type Tokens = Pick<Usage, 'inputTokens' | 'cachedInputTokens' | 'outputTokens'>

/** Tokens as Codex counts them, in either spelling: the cached ones are among the input, and reasoning is among the output. */
export function tokensOf(count: Fields): Tokens {
  const of = (camel: string, snake: string): number => numberIn(count[camel]) ?? numberIn(count[snake]) ?? 0
  return {
    inputTokens: of('inputTokens', 'input_tokens'),
    cachedInputTokens: of('cachedInputTokens', 'cached_input_tokens'),
    outputTokens: of('outputTokens', 'output_tokens'),
  }
}

/**
 * Counts the tokens of a conversation. The main thread's total goes on over resuming, so it is passed on; where Codex begins at nothing
 * again, as it does when the context was too long, it goes on from there. A thread that the agent opened beside it (a sub-agent of its
 * own) is added, its first count without what it took over from the main one.
 */
export function tokenCounter(): (params: Fields, main: string | null) => AgentEvent[] {
  const before = new Map<string, Tokens>()
  let forgotten = none
  return (params, main) => {
    const thread = textIn(params['threadId'])
    const { total, last } = fieldsIn(params['tokenUsage'])
    if (!isFields(total)) return []
    const now = tokensOf(total)
    const counted = before.get(thread)
    before.set(thread, now)
    if (thread !== main)
      return [{ kind: 'usage', added: counted ? less(now, counted) : tokensOf(fieldsIn(last)), total: {} }]
    if (counted && now.inputTokens < counted.inputTokens) forgotten = sum(forgotten, counted)
    return [{ kind: 'usage', added: {}, total: sum(forgotten, now) }]
  }
}

const none: Tokens = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 }
const sum = (a: Tokens, b: Tokens): Tokens => ({
  inputTokens: a.inputTokens + b.inputTokens,
  cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
})
const less = (now: Tokens, before: Tokens): Tokens => ({
  inputTokens: Math.max(0, now.inputTokens - before.inputTokens),
  cachedInputTokens: Math.max(0, now.cachedInputTokens - before.cachedInputTokens),
  outputTokens: Math.max(0, now.outputTokens - before.outputTokens),
})

/** What is known of an account's limits; `read` keeps what an update says, `resets` is when those that are used up are free again. */
export function limitKeeper(): { read(params: Fields): AgentEvent[]; resets(now: number): number | null } {
  const windows = new Map<string, { used: number; until: number | null }>()
  return {
    read(params) {
      const limits = fieldsIn(params['rateLimits'])
      const changed = ['primary', 'secondary'].filter((name) => keep(windows, limits, name))
      const reached = typeof limits['rateLimitReachedType'] === 'string'
      if (changed.length === 0 && !reached) return []
      const fullest = [...windows.values()].toSorted((a, b) => b.used - a.used)[0]
      const text = reached ? textIn(limits['rateLimitReachedType']) : `${fullest?.used ?? 0} % used`
      return [{ kind: 'limit', reached, until: fullest?.until ?? null, text }]
    },
    resets(now) {
      const ends = [...windows.values()].flatMap(({ used, until }) =>
        used >= 100 && until && until > now ? [until] : [],
      )
      return ends.length > 0 ? Math.max(...ends) : null
    },
  }
}

function keep(windows: Map<string, { used: number; until: number | null }>, limits: Fields, name: string): boolean {
  const used = numberIn(fieldsIn(limits[name])['usedPercent'])
  if (used === null) return false
  const resets = numberIn(fieldsIn(limits[name])['resetsAt'])
  const key = `${textIn(limits['limitId'])}/${name}`
  const changed = windows.get(key)?.used !== used
  windows.set(key, { used, until: resets === null ? null : resets * 1000 })
  return changed
}
