import type { Verdict } from './verdict.ts'

export const statuses = [
  'ready',
  'blocked',
  'claimed',
  'in_progress',
  'landing',
  'paused',
  'decomposed',
  'completed',
  'failed',
  'cancelled',
] as const
export type TaskStatus = (typeof statuses)[number]

export const blockedReasons = [
  'needs',
  'checkout',
  'question',
  'conflict',
  'gate',
  'review',
  'budget',
  'attempts',
] as const
export type BlockedReason = (typeof blockedReasons)[number]

export const taskTypes = ['implementation', 'research', 'fix'] as const
export type TaskType = (typeof taskTypes)[number]

export type TaskKind = 'task' | 'subtask' | 'spawned' | 'split'

/** What a person (or a file) says of a task: all that can be edited. */
export interface TaskWords {
  title: string
  description: string
  type: TaskType
  epicId: string | null
  priority: number
  labels: string[]
  scope: string[]
  acceptance: string[]
  checks: string[]
  run: string | null
  agent: string | null
  model: string | null
  /** Other repositories it may read. */
  repos: string[]
  judge: string | null
  land: 'auto' | 'manual' | null
  timeoutMs: number | null
  maxAttempts: number
  verify: boolean
}

/** How a task stands when it is not at work, while it is paused. */
export interface Rest {
  status: 'landing' | 'blocked'
  reason: BlockedReason | null
  note: string
}

export interface Usage {
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  costUsd: number
}

/** Both together. */
export const addUsage = (one: Usage, other: Partial<Usage>): Usage => ({
  inputTokens: one.inputTokens + (other.inputTokens ?? 0),
  cachedInputTokens: one.cachedInputTokens + (other.cachedInputTokens ?? 0),
  outputTokens: one.outputTokens + (other.outputTokens ?? 0),
  costUsd: one.costUsd + (other.costUsd ?? 0),
})

export const noUsage: Usage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, costUsd: 0 }

export interface Task extends TaskWords {
  id: string
  kind: TaskKind
  parentId: string | null
  sequence: number | null
  status: TaskStatus
  blockedReason: BlockedReason | null
  /** In words, for a person: why it is blocked. */
  blockedNote: string
  rest: Rest | null
  /** How many of its needs are not met yet. */
  openNeeds: number
  /** Numbers every claim; never used twice. */
  attempt: number
  /** Counts those whose end counts. */
  attempts: number
  lostInARow: number
  notBefore: number
  /** The next attempt starts from the tip, not from what the last one left. */
  fresh: boolean
  /** The commit a person approved for landing, if any. */
  approved: string | null
  baseCommit: string | null
  /** How often this attempt's work went to the landing lane. */
  landings: number
  /** What the last attempt has to land. */
  commit: string | null
  landedCommit: string | null
  verdict: Verdict | null
  /** What the agent remembers, to go on in; whose it is, and with which account it was made. */
  session: string | null
  sessionAgent: string | null
  account: string | null
  /** How often a person allowed it as much again. */
  budgets: number
  /** The commit its first attempt starts from, where that is not the tip: work of the task it was split from. */
  startsFrom: string | null
  lastError: string | null
  imported: boolean
  createdBy: string
  email: string | null
  modifiedBy: string | null
  completedBy: string | null
  createdAt: number
  updatedAt: number
  startedAt: number | null
  finishedAt: number | null
  usage: Usage
}

export const isOver = (task: Pick<Task, 'status'>): boolean =>
  task.status === 'completed' || task.status === 'failed' || task.status === 'cancelled'
export const isAtWork = (task: Pick<Task, 'status'>): boolean =>
  task.status === 'claimed' || task.status === 'in_progress'
/** Why nobody hears a hint for it any more that still waits; `retry --force` begins it anew. */
export const tooLateFor = ({ status }: Pick<Task, 'status'>): string | undefined =>
  ({ completed: 'the task was completed first', decomposed: 'the task was split first' })[status as string]
/** What only a person can lift. */
export const personReasons = blockedReasons.filter((reason) => reason !== 'needs' && reason !== 'checkout')
export const waitsForPerson = (task: Pick<Task, 'status' | 'blockedReason'>): boolean =>
  task.status === 'paused' ||
  (task.status === 'blocked' && task.blockedReason !== 'needs' && task.blockedReason !== 'checkout')
