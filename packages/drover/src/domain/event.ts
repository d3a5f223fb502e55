import type { BlockedReason, TaskKind, TaskStatus, TaskWords, Usage } from './task.ts'
import type { Report, Verdict } from './verdict.ts'

/** Why a task goes back to be tried again. What counts is a table in docs/decisions.md. */
export const retryReasons = [
  'failed',
  'timeout',
  'stalled',
  'crashed',
  'conflict',
  'gate',
  'limit',
  'interrupted',
  'lost',
] as const
export type RetryReason = (typeof retryReasons)[number]

export type RefusalReason = 'conflict' | 'gate' | 'moved' | 'checkout' | 'review'

/** A checkout of the target that a landing moves along. */
export interface CheckoutMove {
  path: string
  gitDir: string
  from: string
  to: string
}

export interface NewTask {
  words: TaskWords
  kind: TaskKind
  parentId: string | null
  sequence: number | null
  needs: string[]
  status: TaskStatus
  imported: boolean
  /** The address of who made it, for the author of its commit. */
  email: string | null
  /** The commit its first attempt starts from: nothing but for a task that was split off. */
  startsFrom?: string
  /** Kept from an import; the event's own time otherwise. */
  createdAt: number | null
}

/** What research brought to light. */
export interface Finding {
  query: string
  summary: string
  relevance: string
  sourceRef: string
}

export interface ProposedPart {
  title: string
  description: string
  complexity: string
  /** Those of the other parts, numbered from 1, that must be done before; nothing else holds it up. */
  after?: number[]
}

/** What every event carries. A new event is a row here, a row in `moves` if it moves, and its line in `stream`. */
export interface Facts {
  'task.created': NewTask
  /** `until: 'over'`: what it waits for may end as it likes. */
  'task.edited': { words: Partial<TaskWords>; addNeeds: string[]; removeNeeds: string[]; until?: 'over' }
  'task.claimed': {
    attempt: number
    machine: string
    slot: number
    agent: string
    account: string | null
    /** Where the agent stands in for another one: its model, empty for its own choice. */
    model?: string
    fresh: boolean
  }
  'task.started': { machine: string; slot: number }
  'task.progress': { label: string; phase: string; detail: string }
  'task.reported': { report: Report }
  'task.asked': { question: string; text: string; options: string[]; deadline: number | null }
  'task.answered': { question: string; text: string }
  'task.found': { finding: Finding }
  /** Its agent says that it should be several tasks: they come to be when the attempt ends. */
  'task.proposed': { reason: string; parts: ProposedPart[] }
  'task.passed': { verdict: Verdict; commit: string | null; base: string | null; subjects: string[] }
  'task.retried': {
    reason: RetryReason
    counts: boolean
    notBefore: number
    error: string
    verdict: Verdict | null
    fresh: boolean
  }
  'task.blocked': { reason: BlockedReason; note: string; counts: boolean; verdict: Verdict | null }
  'task.unblocked': {
    how: 'needs' | 'checkout' | 'resolved' | 'approved' | 'land' | 'retry'
    note: string
    resets: boolean
    fresh: boolean
  }
  'task.paused': { reason: string }
  'task.resumed': { note: string; resets: boolean }
  'task.hinted': { hint: string; text: string }
  'task.hint_delivered': { hint: string; how: 'delivered' | 'prompt' }
  'task.cancelled': { reason: string }
  'task.reopened': { fresh: boolean; note: string }
  'task.decomposed': { into: string[]; reason: string }
  'task.completed': { commit: string | null }
  'task.failed': { reason: RetryReason; error: string; verdict: Verdict | null }
  'landing.merged': { tip: string; tree: string; commit: string; n: number }
  'landing.gated': { tree: string; passed: boolean; evidence: string; log: string; durationMs: number; n: number }
  'landing.intended': { commit: string; from: string; branch: string; checkouts: CheckoutMove[]; n: number }
  'landing.landed': { commit: string; from: string; branch: string; n: number }
  'landing.refused': { reason: RefusalReason; detail: string; n: number }
  'epic.created': { title: string; description: string; priority: number; labels: string[]; imported: boolean }
  'epic.edited': { title?: string; description?: string; priority?: number; labels?: string[] }
  'epic.closed': { reason: string }
  /** `budgetUsd`: what it may cost; nothing or 0: as much as it takes. */
  'run.started': { workers: number; epic: string | null; kind: 'run' | 'daemon'; budgetUsd?: number }
  'run.waiting': { until: number | null; why: string }
  'run.finished': { completed: number; failed: number; blocked: number; cancelled: number; durationMs: number }
  /** No session: what it remembered is of no use any more. */
  'agent.session': {
    session: string
    agent: string
    account: string | null
    model: string | null
    version: string | null
  }
  /** `usage` is what came to be since the last such event of the attempt; `total` is the session's own count, where it keeps one. */
  'agent.usage': { usage: Usage; session: string | null; total: Partial<Usage> }
  /** Nobody works with this account until then; without a time, until somebody has logged in. */
  'account.parked': { account: string; agent: string; until: number | null; why: 'limit' | 'auth'; text: string }
  /** It may be used again, by so many at once; nothing means by all. */
  'account.released': { account: string; how: 'works' | 'now' | 'start'; room: number | null }
  'machine.joined': { machine: string; slots: number; pid: number; labels?: string[] }
  'machine.left': { machine: string }
  /** Nothing was heard of it for its lease, or its process is gone: others take what it was doing. */
  'machine.lost': { machine: string }
}

export type EventType = keyof Facts

/** An event as it is proposed. `attempt` is the one it speaks for. */
export type NewEvent = {
  [T in EventType]: { type: T; task?: string; epic?: string; attempt?: number; data: Facts[T] }
}[EventType]

/** An event as it stands in the ledger. */
export type Event = NewEvent & {
  seq: number
  key: string
  at: number
  machine: string | null
  slot: number | null
  actor: string
}

export const eventTypes: readonly EventType[] = Object.keys({
  'task.created': 0,
  'task.edited': 0,
  'task.claimed': 0,
  'task.started': 0,
  'task.progress': 0,
  'task.reported': 0,
  'task.asked': 0,
  'task.answered': 0,
  'task.found': 0,
  'task.proposed': 0,
  'task.passed': 0,
  'task.retried': 0,
  'task.blocked': 0,
  'task.unblocked': 0,
  'task.paused': 0,
  'task.resumed': 0,
  'task.hinted': 0,
  'task.hint_delivered': 0,
  'task.cancelled': 0,
  'task.reopened': 0,
  'task.decomposed': 0,
  'task.completed': 0,
  'task.failed': 0,
  'landing.merged': 0,
  'landing.gated': 0,
  'landing.intended': 0,
  'landing.landed': 0,
  'landing.refused': 0,
  'epic.created': 0,
  'epic.edited': 0,
  'epic.closed': 0,
  'run.started': 0,
  'run.waiting': 0,
  'run.finished': 0,
  'agent.session': 0,
  'agent.usage': 0,
  'account.parked': 0,
  'account.released': 0,
  'machine.joined': 0,
  'machine.left': 0,
  'machine.lost': 0,
} satisfies Record<EventType, 0>) as EventType[]
