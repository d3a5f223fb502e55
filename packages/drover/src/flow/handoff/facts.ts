import { type EventType, retryReasons } from '../../domain/event.ts'
import { blockedReasons, statuses, taskTypes } from '../../domain/task.ts'
import { amount, commit, count, fields, flag, id, list, maybe, name, nullOr, oneOf, type Shape, text } from './shape.ts'

const texts = list(text)
const verdicts = ['pass', 'pass_with_warnings', 'block', 'fail', 'unknown']
const check = fields({ command: text, passed: flag, exitCode: amount, durationMs: amount, tail: text })
const verdict = fields({
  verdict: oneOf(verdicts),
  summary: text,
  by: text,
  detail: text,
  checks: list(check),
  claim: maybe(fields({ verdict: oneOf(verdicts), summary: text })),
  changed: maybe(fields({ count, files: texts })),
})
const usageFields = { inputTokens: amount, cachedInputTokens: amount, outputTokens: amount, costUsd: amount }
const usage = fields(usageFields)
const someUsage = fields(Object.fromEntries(Object.entries(usageFields).map(([key, shape]) => [key, maybe(shape)])))

const wordShapes = {
  title: text,
  description: text,
  type: oneOf(taskTypes),
  epicId: nullOr(id),
  priority: count,
  labels: texts,
  scope: texts,
  acceptance: texts,
  checks: texts,
  run: nullOr(text),
  agent: nullOr(name),
  model: nullOr(name),
  repos: texts,
  judge: nullOr(text),
  land: nullOr(oneOf(['auto', 'manual'])),
  timeoutMs: nullOr(count),
  maxAttempts: count,
  verify: flag,
}
const someWords = fields(Object.fromEntries(Object.entries(wordShapes).map(([key, shape]) => [key, maybe(shape)])))
const report = fields({ verdict: oneOf(verdicts), summary: text, detail: text })
const n = { n: count }
const reason = fields({ reason: text })

/** What each event must carry to be taken over from a file. */
export const facts: Readonly<Record<EventType, Shape>> = {
  'task.created': fields({
    words: fields(wordShapes),
    kind: oneOf(['task', 'subtask', 'spawned', 'split']),
    parentId: nullOr(id),
    sequence: nullOr(count),
    needs: list(id),
    status: oneOf(statuses),
    imported: flag,
    email: nullOr(text),
    startsFrom: maybe(nullOr(commit)),
    createdAt: nullOr(count),
  }),
  'task.edited': fields({ words: someWords, addNeeds: list(id), removeNeeds: list(id), until: maybe(oneOf(['over'])) }),
  'task.claimed': fields({
    attempt: count,
    machine: text,
    slot: count,
    agent: name,
    account: maybe(nullOr(text)),
    model: maybe(name),
    fresh: flag,
  }),
  'task.started': fields({ machine: text, slot: count }),
  'task.progress': fields({ label: text, phase: text, detail: text }),
  'task.reported': fields({ report }),
  'task.asked': fields({ question: id, text, options: texts, deadline: nullOr(count) }),
  'task.answered': fields({ question: id, text }),
  'task.found': fields({ finding: fields({ query: text, summary: text, relevance: text, sourceRef: text }) }),
  'task.proposed': fields({
    reason: text,
    parts: list(fields({ title: text, description: text, complexity: text, after: maybe(list(count)) })),
  }),
  'task.passed': fields({ verdict, commit: nullOr(commit), base: nullOr(commit), subjects: texts }),
  'task.retried': fields({
    reason: oneOf(retryReasons),
    counts: flag,
    notBefore: count,
    error: text,
    verdict: nullOr(verdict),
    fresh: flag,
  }),
  'task.blocked': fields({ reason: oneOf(blockedReasons), note: text, counts: flag, verdict: nullOr(verdict) }),
  'task.unblocked': fields({
    how: oneOf(['needs', 'checkout', 'resolved', 'approved', 'land', 'retry']),
    note: text,
    resets: flag,
    fresh: flag,
  }),
  'task.paused': reason,
  'task.resumed': fields({ note: text, resets: flag }),
  'task.hinted': fields({ hint: id, text }),
  'task.hint_delivered': fields({ hint: id, how: text }),
  'task.cancelled': reason,
  'task.reopened': fields({ fresh: flag, note: text }),
  'task.decomposed': fields({ into: list(id), reason: text }),
  'task.completed': fields({ commit: nullOr(commit) }),
  'task.failed': fields({ reason: oneOf(retryReasons), error: text, verdict: nullOr(verdict) }),
  'landing.merged': fields({ tip: commit, tree: commit, commit, ...n }),
  'landing.gated': fields({ tree: commit, passed: flag, evidence: text, log: text, durationMs: count, ...n }),
  'landing.intended': fields({ commit, from: commit, branch: text, checkouts: list(fields({})), ...n }),
  'landing.landed': fields({ commit, from: commit, branch: text, ...n }),
  'landing.refused': fields({
    reason: oneOf(['conflict', 'gate', 'moved', 'checkout', 'review']),
    detail: text,
    ...n,
  }),
  'epic.created': fields({ title: text, description: text, priority: count, labels: texts, imported: maybe(flag) }),
  'epic.edited': fields({ title: maybe(text), description: maybe(text), priority: maybe(count), labels: maybe(texts) }),
  'epic.closed': reason,
  'run.started': fields({
    workers: count,
    epic: nullOr(id),
    kind: oneOf(['run', 'daemon']),
    budgetUsd: maybe(amount),
  }),
  'run.waiting': fields({ until: nullOr(count), why: text }),
  'run.finished': fields({ completed: count, failed: count, blocked: count, cancelled: count, durationMs: count }),
  'agent.session': fields({
    session: name,
    agent: name,
    account: nullOr(text),
    model: nullOr(text),
    version: nullOr(text),
  }),
  'agent.usage': fields({ usage, session: nullOr(name), total: someUsage }),
  'account.parked': fields({
    account: text,
    agent: name,
    until: nullOr(count),
    why: oneOf(['limit', 'auth']),
    text,
  }),
  'account.released': fields({ account: text, how: oneOf(['works', 'now', 'start']), room: nullOr(count) }),
  'machine.joined': fields({ machine: text, slots: count, pid: count, labels: maybe(texts) }),
  'machine.left': fields({ machine: text }),
  'machine.lost': fields({ machine: text }),
}
