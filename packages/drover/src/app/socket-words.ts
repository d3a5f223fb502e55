/** What may be said to a daemon over its socket, and what it answers. */
export type Request =
  | { ask: 'poke' }
  | { ask: 'status' }
  | { ask: 'stop'; keepAgents: boolean }
  | { ask: 'report' | 'progress'; runId: string; task: string; token: string; request: string; said: unknown }

export type Answer =
  | { ok: true; about?: unknown }
  | { ok: false; code: 'refused-token' | 'usage' | 'internal'; problem: string }
