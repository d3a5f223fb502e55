/** What an agent may say or ask, shown its token. */
export const agentAsks = [
  'report',
  'progress',
  'create_subtask',
  'check_subtask_status',
  'signal_decomposition',
  'record_finding',
  'ask_human',
] as const
export type AgentAsk = (typeof agentAsks)[number]

/** What may be said to a daemon over its socket, and what it answers. */
export type Request =
  | { ask: 'poke' }
  | { ask: 'status' }
  | { ask: 'stop'; keepAgents: boolean }
  | { ask: AgentAsk; runId: string; task: string; token: string; request: string; said: unknown }

export type Answer =
  | { ok: true; about?: unknown }
  | { ok: false; code: 'refused-token' | 'refused' | 'usage' | 'internal'; problem: string }

/** What a tool answers an agent: words to act on, and the same as fields. */
export interface ToolAnswer {
  text: string
  fields: Record<string, unknown>
}
