import type { Event, Facts, RetryReason } from './event.ts'
import { move } from './moves.ts'
import { addUsage, noUsage, type Task } from './task.ts'

type Change = Partial<Task>

/** The task as the event leaves it: the only place that says what an event means for a task's row. */
export function evolve(task: Task, event: Event): Task {
  const status = move(task, event) ?? task.status
  const next: Task = {
    ...task,
    ...meanings[event.type]?.(task, event.data as never, event),
    ...blockedAs(task, event, status),
    status,
    updatedAt: event.at,
  }
  if (status === 'landing' && task.status !== 'landing') next.landings = task.landings + 1
  return next
}

/** `blocked` always has a reason, nothing else ever has: work that must wait for a person, or else for its needs. */
function blockedAs(task: Task, event: Event, status: Task['status']): Pick<Task, 'blockedReason' | 'blockedNote'> {
  if (status !== 'blocked') return { blockedReason: null, blockedNote: '' }
  if (event.type === 'task.blocked') return { blockedReason: event.data.reason, blockedNote: event.data.note }
  if (event.type === 'task.resumed' && task.rest)
    return { blockedReason: task.rest.reason, blockedNote: task.rest.note }
  if (task.status === 'blocked' && event.type !== 'task.unblocked')
    return { blockedReason: task.blockedReason, blockedNote: task.blockedNote }
  return { blockedReason: 'needs', blockedNote: '' }
}

const counted = (task: Task, counts: boolean): number => task.attempts + (counts ? 1 : 0)
const lost = (task: Task, reason: RetryReason): number => (reason === 'lost' ? task.lostInARow + 1 : 0)
const over = (event: Event): Change => ({ finishedAt: event.at })
const again: Change = { attempts: 0, lostInARow: 0, notBefore: 0, lastError: null, finishedAt: null, completedBy: null }

const meanings: { [T in Event['type']]?: (task: Task, facts: Facts[T], event: Event) => Change } = {
  'task.edited': (_, { words }, event) => ({ ...words, modifiedBy: event.actor }),
  'task.claimed': (_, { attempt }) => ({ attempt, fresh: false, landings: 0, commit: null, approved: null }),
  'task.started': (task, _, event) => ({
    attempt: task.kind === 'subtask' ? (event.attempt ?? task.attempt) : task.attempt,
    startedAt: task.startedAt ?? event.at,
  }),
  'task.passed': (_, { verdict, commit, base }) => ({
    verdict,
    commit,
    baseCommit: base,
    lastError: null,
    lostInARow: 0,
  }),
  'task.retried': (task, facts) => ({
    attempts: counted(task, facts.counts),
    lostInARow: lost(task, facts.reason),
    notBefore: facts.notBefore,
    lastError: facts.error,
    verdict: facts.verdict ?? task.verdict,
    fresh: facts.fresh,
  }),
  'task.blocked': (task, facts) => ({
    attempts: counted(task, facts.counts),
    // An agent that could ask has not taken its machine with it.
    lostInARow: facts.reason === 'question' ? 0 : task.lostInARow,
    verdict: facts.verdict ?? task.verdict,
    lastError: facts.reason === 'needs' ? task.lastError : facts.note,
  }),
  'task.unblocked': (task, { how, resets, fresh }) => ({
    ...(resets ? again : {}),
    fresh: fresh || task.fresh,
    ...(fresh ? forgotten : {}),
    approved: how === 'approved' ? task.commit : task.approved,
    budgets: task.budgets + (task.blockedReason === 'budget' ? 1 : 0),
  }),
  'task.paused': (task) => ({ rest: resting(task) }),
  'task.resumed': (_, { resets }) => ({ ...(resets ? again : {}), rest: null }),
  'task.cancelled': (_, { reason }, event) => ({ rest: null, lastError: reason || null, ...over(event) }),
  'task.reopened': (task, { fresh }) => ({
    ...again,
    rest: null,
    fresh: fresh || task.status === 'completed',
    ...(fresh || task.status === 'completed' ? forgotten : {}),
    landedCommit: null,
    verdict: null,
  }),
  'task.completed': (_, { commit }, event) => ({
    landedCommit: commit,
    lastError: null,
    completedBy: event.actor,
    ...over(event),
  }),
  'task.failed': (task, facts, event) => ({
    attempts: task.attempts + 1,
    lastError: facts.error,
    verdict: facts.verdict ?? task.verdict,
    ...over(event),
  }),
  'agent.session': (_, { session, agent, account }) => ({ session: session || null, sessionAgent: agent, account }),
  'agent.usage': (task, { usage }) => ({ usage: addUsage(task.usage, usage) }),
}

/** Who begins anew on the tip must not remember work that is not there. */
const forgotten = { session: null, sessionAgent: null } as const

/** What a paused task goes back to: its place in landing, or what it was blocked for; work starts again otherwise. */
function resting(task: Task): Task['rest'] {
  if (task.status === 'landing') return { status: 'landing', reason: null, note: '' }
  if (task.status === 'blocked' && task.blockedReason !== 'needs')
    return { status: 'blocked', reason: task.blockedReason, note: task.blockedNote }
  return null
}

/** A new task's row. `openNeeds` is counted by the ledger, which alone knows the others. */
export function born(event: Event & { type: 'task.created' }, openNeeds: number): Task {
  const { words, kind, parentId, sequence, status, imported, email, createdAt, startsFrom } = event.data
  return {
    ...words,
    id: event.task!,
    kind,
    parentId,
    sequence,
    status: status === 'ready' && openNeeds > 0 ? 'blocked' : status,
    blockedReason: status === 'ready' && openNeeds > 0 ? 'needs' : null,
    blockedNote: '',
    rest: null,
    openNeeds,
    attempt: 0,
    attempts: 0,
    lostInARow: 0,
    notBefore: 0,
    fresh: false,
    approved: null,
    baseCommit: null,
    landings: 0,
    commit: null,
    landedCommit: null,
    verdict: null,
    session: null,
    sessionAgent: null,
    account: null,
    budgets: 0,
    startsFrom: startsFrom ?? null,
    lastError: null,
    imported,
    createdBy: event.actor,
    email,
    modifiedBy: null,
    completedBy: status === 'completed' ? event.actor : null,
    createdAt: createdAt ?? event.at,
    updatedAt: event.at,
    startedAt: null,
    finishedAt: status === 'completed' || status === 'failed' || status === 'cancelled' ? event.at : null,
    usage: noUsage,
  }
}
