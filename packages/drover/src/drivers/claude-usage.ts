import { noUsage, type Usage } from '../domain/task.ts'
import type { AgentEvent } from '../ports/driver.ts'
import { type Fields, fieldsOf, isFields, numberOf } from './fields.ts'

/**
 * What a turn used. The sums by model are since the last result, with the money, and count sub-agents too. `total_cost_usd` is not
 * taken where they are there: it goes on over a resume after SIGTERM, but forgets everything of a process that was killed.
 */
export function usageOf(result: Fields): AgentEvent[] {
  const since = result.model_usage_since_last_result
  if (isFields(since)) return used(Object.values(since).map(fieldsOf).map(ofModel).reduce(plus, noUsage), {})
  const costUsd = numberOf(result.total_cost_usd)
  return used(tokensOf(fieldsOf(result.usage)), costUsd === null ? {} : { costUsd })
}

/** Tokens as the provider counts them: what came from a cache stands beside the input and is input all the same. */
function tokensOf(usage: Fields): Partial<Usage> {
  const cached = numberOf(usage.cache_read_input_tokens) ?? 0
  const written = numberOf(usage.cache_creation_input_tokens) ?? 0
  return {
    inputTokens: (numberOf(usage.input_tokens) ?? 0) + cached + written,
    cachedInputTokens: cached,
    outputTokens: numberOf(usage.output_tokens) ?? 0,
  }
}

/** Amp's documented example counts 12,783 input tokens, of which 12,416 were read from a cache and 367 written to it. */
export const usageOfAmp = (usage: Fields): Partial<Usage> => ({
  inputTokens: numberOf(usage.input_tokens) ?? 0,
  cachedInputTokens: numberOf(usage.cache_read_input_tokens) ?? 0,
  outputTokens: numberOf(usage.output_tokens) ?? 0,
})

/** Nothing used is nothing to tell. */
export const used = (added: Partial<Usage>, total: Partial<Usage>): AgentEvent[] =>
  [...Object.values(added), ...Object.values(total)].some((amount) => amount > 0)
    ? [{ kind: 'usage', added, total }]
    : []

function ofModel(model: Fields): Usage {
  const cached = numberOf(model.cacheReadInputTokens) ?? 0
  return {
    inputTokens: (numberOf(model.inputTokens) ?? 0) + cached + (numberOf(model.cacheCreationInputTokens) ?? 0),
    cachedInputTokens: cached,
    outputTokens: numberOf(model.outputTokens) ?? 0,
    costUsd: numberOf(model.costUSD) ?? 0,
  }
}

const plus = (one: Usage, other: Usage): Usage => ({
  inputTokens: one.inputTokens + other.inputTokens,
  cachedInputTokens: one.cachedInputTokens + other.cachedInputTokens,
  outputTokens: one.outputTokens + other.outputTokens,
  costUsd: one.costUsd + other.costUsd,
})
