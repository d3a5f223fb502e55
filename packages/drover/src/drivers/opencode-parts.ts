import type { AgentEvent } from '../ports/driver.ts'
import { type Fields, fieldsIn, numberIn, textIn } from './json.ts'

/** What a step took. */
export function usageOf(part: Fields): AgentEvent {
  const tokens = fieldsIn(part['tokens'])
  const cache = fieldsIn(tokens['cache'])
  const cached = numberIn(cache['read']) ?? 0
  const added = {
    // What was read from the cache, and written to it, is not in `input`.
    inputTokens: (numberIn(tokens['input']) ?? 0) + cached + (numberIn(cache['write']) ?? 0),
    cachedInputTokens: cached,
    outputTokens: (numberIn(tokens['output']) ?? 0) + (numberIn(tokens['reasoning']) ?? 0),
    costUsd: numberIn(part['cost']) ?? 0,
  }
  return { kind: 'usage', added, total: {} }
}

/** A tool that begins or ends. */
export function toolOf(part: Fields): AgentEvent & { kind: 'tool' } {
  const state = fieldsIn(part['state'])
  const input = fieldsIn(state['input'])
  const phase = state['status'] === 'running' ? 'begins' : 'ends'
  const detail =
    textIn(input['command']) || textIn(input['filePath']) || textIn(input['description']) || textIn(state['title'])
  return { kind: 'tool', phase, id: textIn(part['id']), name: textIn(part['tool']), detail: detail.slice(0, 1000) }
}
