import type { AgentEvent } from '../ports/driver.ts'
import { type Fields, fieldsIn, numberIn } from './json.ts'

interface Counts {
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
}

export interface Counting {
  /** Since the program began, so the difference is taken. */
  countsOn?: boolean
  /** What was not told in time stands in a record of the session's, which is told at the next start. */
  keepsRecord?: boolean
}

/** Reads what a prompt took, told with its answer: in ACP's own form, or in Gemini's. */
export function openCounts({ countsOn, keepsRecord }: Counting): (result: Fields) => AgentEvent[] {
  const more = keepsRecord ? { recorded: {} } : {}
  let before: Counts = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 }
  return (result) => {
    const counts = countsIn(result)
    if (!counts) return []
    const added = {
      inputTokens: counts.inputTokens - before.inputTokens,
      cachedInputTokens: counts.cachedInputTokens - before.cachedInputTokens,
      outputTokens: counts.outputTokens - before.outputTokens,
    }
    if (countsOn) before = counts
    return [{ kind: 'usage', added, total: {}, ...more }]
  }
}

function countsIn(result: Fields): Counts | undefined {
  const said = fieldsIn(result['usage'])
  const quota = fieldsIn(fieldsIn(fieldsIn(result['_meta'])['quota'])['token_count'])
  const inputTokens = numberIn(said['inputTokens']) ?? numberIn(quota['input_tokens'])
  const outputTokens = numberIn(said['outputTokens']) ?? numberIn(quota['output_tokens'])
  if (inputTokens === null && outputTokens === null) return undefined
  const cachedInputTokens = numberIn(said['cachedReadTokens']) ?? 0
  return { inputTokens: inputTokens ?? 0, cachedInputTokens, outputTokens: outputTokens ?? 0 }
}

/** The method of a line that drover's own script prints: what the session has cost by the program's record of it. */
export const recordedMethod = '_drover/recorded'

export function recordedIn(params: Fields): AgentEvent {
  const count = (name: string): number => numberIn(params[name]) ?? 0
  const recorded: Counts = {
    inputTokens: count('input'),
    cachedInputTokens: count('cached'),
    outputTokens: count('output'),
  }
  return { kind: 'usage', added: {}, total: {}, recorded }
}

/** What the session has cost so far, where the agent tells. */
export function costIn(update: Fields): AgentEvent[] {
  const { amount, currency } = fieldsIn(update['cost'])
  const costUsd = numberIn(amount)
  return costUsd === null || currency !== 'USD' ? [] : [{ kind: 'usage', added: {}, total: { costUsd } }]
}
