/** What the ledger tells beside tasks and events. */

export interface Epic {
  id: string
  title: string
  description: string
  priority: number
  labels: string[]
  status: 'open' | 'closed'
  createdAt: number
}

export interface Attempt {
  task: string
  attempt: number
  machine: string
  slot: number
  agent: string
  holder: string | null
  commit: string | null
  /** The event that ended it, and its words. */
  outcome: string | null
  error: string | null
  claimedAt: number
  startedAt: number | null
  finishedAt: number | null
  /** When its job had stopped its processes and kept its work; operational. */
  endedAt: number | null
  fresh: boolean
}

export interface Need {
  task: string
  needs: string
}

export interface LandingRow {
  task: string
  attempt: number
  n: number
  tip: string | null
  commit: string | null
  evidence: string | null
  outcome: 'landed' | 'refused' | 'intended' | 'gated' | 'merged'
  reason: string | null
  detail: string | null
  at: number
  durationMs: number | null
}

export interface Wish {
  id: number
  what: string
  about: unknown
  answer: unknown
}
