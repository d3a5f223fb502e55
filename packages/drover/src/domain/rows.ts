/** What the ledger tells beside tasks and events. */

import type { ProposedPart } from './event.ts'
import type { Usage } from './task.ts'

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
  account: string | null
  /** The one it was claimed for, where that is not the task's own; empty: the agent's own choice. */
  model: string | null
  session: string | null
  usage: Usage
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

/** A credential whose limits agents share, as far as there is anything to say of it. */
export interface Account {
  name: string
  agent: string
  /** Nobody works with it until then; `null` with `why` set: until somebody has logged in. */
  parkedUntil: number | null
  why: 'limit' | 'auth' | null
  text: string
  parkedAt: number
  /** So many attempts may use it at once, until it has shown that it works; nothing means all. */
  room: number | null
  /** How often it was parked since it last worked. */
  parkings: number
}

export interface Question {
  id: string
  task: string
  attempt: number
  text: string
  options: string[]
  deadline: number | null
  at: number
  answer: string | null
  answeredAt: number | null
}

export interface Proposal {
  reason: string
  parts: ProposedPart[]
}

export const costGroups = ['task', 'epic', 'agent', 'account', 'run', 'attempt'] as const
export type CostGroup = (typeof costGroups)[number]

/** What was spent on one thing. */
export interface CostRow {
  /** Nothing: what belongs to no epic, no account, no run. */
  key: string | null
  title: string | null
  usage: Usage
  attempts: number
  /** The part of it that led to no landing. */
  wasted: Usage
  wastedAttempts: number
  /** Attempts of agents that told of no money: what they cost is not known. */
  unpriced: number
}

export interface Machine {
  name: string
  slots: number
  joinedAt: number
  /** Since when it does nothing; null while it drives. */
  leftAt: number | null
  /** It did not say so: it was declared dead. */
  isLost: boolean
  /** Tasks that bear one of them are for machines that have it. */
  labels: readonly string[]
}

/** The run that began last. */
export interface LastRun {
  seq: number
  /** What it may cost; 0: as much as it takes. */
  budgetUsd: number
  isOver: boolean
}

export interface Need {
  task: string
  needs: string
  /** `over`: it need not be completed, any end will do. */
  until: 'completed' | 'over'
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

/** Words of a person that came too late: their task was completed, or split, before its agent could be told. */
export interface MissedHint {
  id: string
  task: string
  text: string
  at: number
}
