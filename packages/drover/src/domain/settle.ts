import type { NewEvent, RetryReason } from './event.ts'
import type { BlockedReason, Task } from './task.ts'
import { passed, type Verdict } from './verdict.ts'

/** How an attempt came to its end, as the workflow saw it. */
export type AttemptEnd =
  | { kind: 'judged'; verdict: Verdict; commit: string | null; base: string | null; subjects: string[] }
  | { kind: 'broken'; reason: Exclude<RetryReason, 'conflict' | 'gate'>; error: string }
  /** The account's limit is reached, or nobody is logged in: the account rests, the task goes on later. */
  | { kind: 'parked'; why: 'limit' | 'auth'; account: string; agent: string; until: number | null; error: string }
  /** It has cost what it may: a person decides whether it may cost as much again. */
  | { kind: 'budget'; error: string }
  /** It asked a person and goes on with the answer. */
  | { kind: 'asks'; question: string }
  /** It waits for tasks that it made, and goes on when they are over. */
  | { kind: 'waits'; on: readonly string[] }
  /** It is replaced by these tasks. */
  | { kind: 'splits'; reason: string; into: readonly NewEvent[] }

export interface Rules {
  retryDelayMs: number
  retryDelayMaxMs: number
  /** In [0, 1): spreads retries that fell together. */
  jitter: number
  /** The next attempt starts from the tip, because this agent cannot go on from what it left. */
  fresh: boolean
  landsBy: 'auto' | 'manual'
}

/** The note of a task that passed and waits to be landed by hand. */
export const byHand = 'waits for `drover land`'

/** How many attempts in a row a task may take its machine with it. */
export const lostLimit = 4

const uncounted: ReadonlySet<RetryReason> = new Set(['limit', 'interrupted', 'lost'])

/** Turns the end of an attempt into the events that describe it: exactly one that moves it on, first. */
export function settle(task: Task, end: AttemptEnd, rules: Rules, now: number): NewEvent[] {
  if (end.kind === 'broken') return [again(task, { reason: end.reason, error: end.error, verdict: null }, rules, now)]
  if (end.kind === 'parked') return parked(task, end, now)
  if (end.kind === 'budget') return [rests(task, 'budget', end.error)]
  if (end.kind === 'asks') return [rests(task, 'question', end.question)]
  if (end.kind === 'waits') return [rests(task, 'needs', waitsFor(end.on))]
  if (end.kind === 'splits') return split(task, end)
  if (end.verdict.verdict === 'block') return [blocked(task, 'question', end.verdict)]
  if (!passed(end.verdict))
    return [again(task, { reason: 'failed', error: end.verdict.summary, verdict: end.verdict }, rules, now)]
  const pass = about(task, {
    type: 'task.passed',
    data: { verdict: end.verdict, commit: end.commit, base: end.base, subjects: end.subjects },
  })
  if (task.kind === 'subtask') return [pass]
  if (end.commit === null) return [pass, about(task, { type: 'task.completed', data: { commit: null } })]
  if (rules.landsBy === 'manual')
    return [
      pass,
      about(task, {
        type: 'task.blocked',
        data: { reason: 'review', note: byHand, counts: false, verdict: null },
      }),
    ]
  return [pass]
}

/** Where an end completes the task, the parts that passed are completed with it, before it: no landing will do it. */
export const withParts = (events: readonly NewEvent[], passedParts: readonly Task[]): NewEvent[] =>
  events.flatMap((event) =>
    event.type === 'task.completed'
      ? [...passedParts.map(({ id }): NewEvent => ({ ...event, task: id })), event]
      : [event],
  )

/**
 * How a part of an attempt ended. It never fails for good, and asks only through its parent: nobody could lift what it would
 * wait for, and a parent that a person set aside in the same moment would go on without it. It is ready to be tried again.
 */
export function settlePart(part: Task, end: AttemptEnd, at: { rules: Rules; now: number }): NewEvent[] {
  if (end.kind === 'judged' && end.verdict.verdict === 'block') return [interrupted(part, end.verdict.summary, at.now)]
  const words = wordsOfRest(end)
  if (words !== undefined) return [interrupted(part, words, at.now)]
  return settle({ ...part, maxAttempts: Number.MAX_SAFE_INTEGER, lostInARow: 0 }, end, at.rules, at.now)
}

/** Nothing, when what it waited for came while its agent was still at work. */
const waitsFor = (on: readonly string[]): string => (on.length === 0 ? 'goes on' : `waits for ${on.join(', ')}`)

/** Why the whole attempt rests because of one part; nothing for an end of the part's own. */
function wordsOfRest(end: AttemptEnd): string | undefined {
  if (end.kind === 'asks') return end.question
  if (end.kind === 'waits') return waitsFor(end.on)
  if (end.kind === 'splits') return end.reason
  return end.kind === 'parked' || end.kind === 'budget' ? end.error : undefined
}

/** The task is to be worked on again, and it is not its fault. */
export const interrupted = (task: Task, error: string, now: number): NewEvent =>
  about(task, {
    type: 'task.retried',
    data: { reason: 'interrupted', counts: false, notBefore: now, error, verdict: null, fresh: false },
  })

/** One attempt that was taken over again and again: whoever took it died of it. */
export const tookItsMachine = (task: Task, deaths: number): NewEvent[] => [
  rests(task, 'attempts', `attempt ${task.attempt} took its machine with it ${deaths} times in a row`),
]

/** What a refused landing means for its task: back to the agent with the evidence, or a person must look. */
export function settleRefusal(
  task: Task,
  refusal: { reason: 'conflict' | 'gate'; detail: string },
  rules: Rules,
  now: number,
): NewEvent {
  if (task.attempts + 1 >= task.maxAttempts)
    return about(task, {
      type: 'task.blocked',
      // An attempt that is landed once more without an agent has been counted already.
      data: {
        reason: refusal.reason,
        note: refusal.detail,
        counts: task.attempts < task.maxAttempts,
        verdict: null,
      },
    })
  return again(task, { reason: refusal.reason, error: refusal.detail, verdict: null }, rules, now)
}

/** The task goes back to be tried again, unless that was its last try. */
function again(
  task: Task,
  end: { reason: RetryReason; error: string; verdict: Verdict | null },
  rules: Rules,
  now: number,
): NewEvent {
  const { reason, error, verdict } = end
  if (reason === 'lost' && task.lostInARow + 1 >= lostLimit)
    return about(task, {
      type: 'task.blocked',
      data: {
        reason: 'attempts',
        note: `${task.lostInARow + 1} attempts in a row took their machine with them; the last: ${error}`,
        counts: false,
        verdict,
      },
    })
  const counts = !uncounted.has(reason)
  if (counts && task.attempts + 1 >= task.maxAttempts)
    return about(task, { type: 'task.failed', data: { reason, error, verdict } })
  const notBefore = counts ? now + backoff(task.attempts, rules) : now
  return about(task, {
    type: 'task.retried',
    data: { reason, counts, notBefore, error, verdict, fresh: counts && rules.fresh },
  })
}

/** Doubles with each counted attempt, spread by up to a quarter, never above the maximum. */
export function backoff(attempts: number, rules: Pick<Rules, 'retryDelayMs' | 'retryDelayMaxMs' | 'jitter'>): number {
  const delay = Math.min(rules.retryDelayMs * 2 ** Math.min(attempts, 30), rules.retryDelayMaxMs)
  return Math.round(Math.min(delay * (1 + rules.jitter / 4), rules.retryDelayMaxMs))
}

/** The account knows until when, the task does not: it is ready, and `schedule` leaves it until an account is free. */
function parked(task: Task, end: Extract<AttemptEnd, { kind: 'parked' }>, now: number): NewEvent[] {
  const reason = end.why === 'limit' ? 'limit' : 'interrupted'
  const { account, agent, until, why, error } = end
  return [
    again(task, { reason, error, verdict: null }, noRules, now),
    about(task, { type: 'account.parked', data: { account, agent, until, why, text: error } }),
  ]
}

/** Nothing of the rules matters to an end that does not count. */
const noRules: Rules = { retryDelayMs: 0, retryDelayMaxMs: 0, jitter: 0, fresh: false, landsBy: 'auto' }

const rests = (task: Task, reason: BlockedReason, note: string): NewEvent =>
  about(task, { type: 'task.blocked', data: { reason, note, counts: false, verdict: null } })

function split(task: Task, { reason, into }: Extract<AttemptEnd, { kind: 'splits' }>): NewEvent[] {
  const ids = into.flatMap(({ task: id }) => id ?? [])
  return [about(task, { type: 'task.decomposed', data: { into: ids, reason } }), ...into]
}

const blocked = (task: Task, reason: 'question', verdict: Verdict): NewEvent =>
  about(task, { type: 'task.blocked', data: { reason, note: verdict.summary, counts: false, verdict } })

type Said = { [T in NewEvent['type']]: { type: T; data: Extract<NewEvent, { type: T }>['data'] } }[NewEvent['type']]
const about = (task: Task, said: Said): NewEvent => ({ ...said, task: task.id, attempt: task.attempt }) as NewEvent
