import type { Event, EventType, Finding } from '../domain/event.ts'
import type { AccountsNow, Choosing, Hand, Rest } from '../domain/hand.ts'
import type {
  Account,
  Attempt,
  CostGroup,
  CostRow,
  Epic,
  LandingRow,
  LastRun,
  Machine,
  Need,
  Proposal,
  Question,
  MissedHint,
} from '../domain/rows.ts'
import type { Candidate } from '../domain/schedule.ts'
import type { Standing } from '../domain/summary.ts'
import type { BlockedReason, Task, TaskStatus, Usage } from '../domain/task.ts'

export interface TaskFilter {
  statuses?: readonly TaskStatus[]
  reasons?: readonly BlockedReason[]
  epic?: string
  parent?: string
  label?: string
  after?: number
  limit?: number
}

export interface EventFilter {
  types?: readonly EventType[]
  task?: string
  epic?: string
  from?: number
  to?: number
  /** Not beyond this `seq`. */
  upTo?: number
}

/** What can be asked of the ledger. Every list is paged by the adapter; nothing here changes anything. */
export interface Reading {
  project(): Promise<{ id: string; target: string; createdAt: number }>
  task(id: string): Promise<Task | undefined>
  tasks(filter: TaskFilter): Promise<Task[]>
  /** The tasks completed last in this time, those of the epic before others; sub-tasks and those named in `but` left out. */
  recent(wanted: {
    epic: string | null
    since: number
    until: number
    limit: number
    but: readonly string[]
  }): Promise<Task[]>
  /** Tasks that rest for this reason; asked at each bell, so it costs no scan. */
  resting(reason: BlockedReason): Promise<Task[]>
  subtasks(parent: string): Promise<Task[]>
  /** Ids that begin with this, exact first; also without `task-`. At most ten. */
  idsLike(start: string): Promise<string[]>
  someIds(limit: number): Promise<string[]>
  epics(): Promise<Epic[]>
  epic(id: string): Promise<Epic | undefined>
  needsOf(task: string): Promise<{ id: string; status: TaskStatus; until: Need['until'] }[]>
  neededBy(task: string): Promise<{ id: string; status: TaskStatus }[]>
  allNeeds(): Promise<Need[]>
  attempts(task: string): Promise<Attempt[]>
  attempt(task: string, attempt: number): Promise<Attempt | undefined>
  /** Attempts whose job has not ended them yet. */
  openAttempts(): Promise<Attempt[]>
  /** Every machine that has ever driven the project. */
  machines(): Promise<Machine[]>
  landings(task?: string): Promise<LandingRow[]>
  standing(epic?: string): Promise<Standing>
  standingByEpic(): Promise<Map<string, Standing>>
  /** How long the last completed tasks took, newest first. */
  durations(limit: number): Promise<number[]>
  candidate(id: string): Promise<Candidate | undefined>
  /** When the next ready task is due that is not due yet. */
  nextDue(now: number, epic: string | null): Promise<number | undefined>
  events(after: number, filter: EventFilter, limit: number): Promise<Event[]>
  lastSeq(): Promise<number>
  /** Accounts of which there is anything to say: parked ones, and those being tried again. */
  accounts(): Promise<Account[]>
  /** What decides which of these hands are free. */
  accountsNow(hands: readonly Hand[]): Promise<AccountsNow>
  /** What ready tasks wait for that nobody free can take on; nothing where none does. Costs no scan. */
  rest(choosing: Choosing & { epic: string | null }): Promise<Rest | undefined>
  /** When this account was last used to some purpose. */
  lastWorked(account: string): Promise<number | undefined>
  /** Agents that are named by tasks which are not over. */
  agentsNamed(): Promise<string[]>
  questions(filter: { task?: string; open?: boolean }): Promise<Question[]>
  findings(task: string): Promise<Finding[]>
  findingsByTask(): Promise<Map<string, Finding[]>>
  /** How many tasks came from other tasks, spawned or split off, since the last run began. */
  spawnedInRun(): Promise<number>
  proposal(task: string, attempt: number): Promise<Proposal | undefined>
  /** What a session had cost in all when that was last written down. */
  sessionTotal(session: string): Promise<Partial<Usage>>
  /** Oldest first. `said`: the attempt whose agent was told, and has not shown yet that it heard. */
  pendingHints(task: string): Promise<{ id: string; text: string; at: number; said: number | null }[]>
  /** Hints that no agent will hear any more, because their task came to its end first, since that time. */
  missedHints(since: number): Promise<MissedHint[]>
  /** A task's own usage and that of everything made for it: sub-tasks, spawned and split ones. */
  usageTotal(task: string): Promise<Usage>
  /** What was spent, the dearest first. */
  costs(by: CostGroup): Promise<CostRow[]>
  /** What was spent behind this `seq`, and up to which one that is. */
  spentSince(seq: number): Promise<{ usage: Usage; seq: number }>
  lastRun(): Promise<LastRun | undefined>
}
