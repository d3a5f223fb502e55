import type { TurnEnd, TurnReason } from '../ports/driver.ts'

const stops: Readonly<Record<string, TurnReason>> = {
  end_turn: 'done',
  cancelled: 'interrupted',
  max_tokens: 'context',
  max_turn_requests: 'max_turns',
}

/** The end that the answer to a prompt names. */
export function endOf(stopReason: string, text: string): TurnEnd {
  const reason = Object.hasOwn(stops, stopReason) ? stops[stopReason]! : 'crashed'
  const told = reason === 'crashed' ? `the turn ended with ${stopReason || 'no reason'}` : ''
  return { reason, text: text || told, until: null }
}
