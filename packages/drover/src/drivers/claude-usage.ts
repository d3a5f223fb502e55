import { noUsage, type Usage } from '../domain/task.ts'
import type { AgentEvent } from '../ports/driver.ts'
import { type Fields, fieldsIn, isFields, numberIn } from './json.ts'

/**
 * What a turn used. The sums by model are since the last result, with the money, and count sub-agents too. `total_cost_usd` is not
 * taken where they are there: it goes on over a resume after SIGTERM, but forgets everything of a process that was killed.
 */
export function usageOf(result: Fields): AgentEvent[] {
  const since = result.model_usage_since_last_result
  if (isFields(since)) return used(Object.values(since).map(fieldsIn).map(ofModel).reduce(plus, noUsage), {})
  const costUsd = numberIn(result.total_cost_usd)
  return used(tokensOf(fieldsIn(result.usage)), costUsd === null ? {} : { costUsd })
}

/** Tokens as the provider counts them: what came from a cache stands beside the input and is input all the same. */
function tokensOf(usage: Fields): Partial<Usage> {
  const cached = numberIn(usage.cache_read_input_tokens) ?? 0
  const written = numberIn(usage.cache_creation_input_tokens) ?? 0
  return {
    inputTokens: (numberIn(usage.input_tokens) ?? 0) + cached + written,
    cachedInputTokens: cached,
    outputTokens: numberIn(usage.output_tokens) ?? 0,
  }
}

/** Amp's documented example counts 12,783 input tokens, of which 12,416 were read from a cache and 367 written to it. */
export const usageOfAmp = (usage: Fields): Partial<Usage> => ({
  inputTokens: numberIn(usage.input_tokens) ?? 0,
  cachedInputTokens: numberIn(usage.cache_read_input_tokens) ?? 0,
  outputTokens: numberIn(usage.output_tokens) ?? 0,
})

/** Nothing used is nothing to tell. */
export const used = (added: Partial<Usage>, total: Partial<Usage>): AgentEvent[] =>
  [...Object.values(added), ...Object.values(total)].some((amount) => amount > 0)
    ? [{ kind: 'usage', added, total }]
    : []

function ofModel(model: Fields): Usage {
  const cached = numberIn(model.cacheReadInputTokens) ?? 0
  return {
    inputTokens: (numberIn(model.inputTokens) ?? 0) + cached + (numberIn(model.cacheCreationInputTokens) ?? 0),
    cachedInputTokens: cached,
    outputTokens: numberIn(model.outputTokens) ?? 0,
    costUsd: numberIn(model.costUSD) ?? 0,
  }
}

const plus = (one: Usage, other: Usage): Usage => ({
  inputTokens: one.inputTokens + other.inputTokens,
  cachedInputTokens: one.cachedInputTokens + other.cachedInputTokens,
  outputTokens: one.outputTokens + other.outputTokens,
  costUsd: one.costUsd + other.costUsd,
})
