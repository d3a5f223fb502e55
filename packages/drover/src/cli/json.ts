import type { Event, Finding } from '../domain/event.ts'
import { isMet } from '../domain/needs.ts'
import { showDuration } from '../domain/settings.ts'
import { progress, type Standing } from '../domain/summary.ts'
import type { Task, TaskStatus, Usage } from '../domain/task.ts'
import type { Report } from '../domain/verdict.ts'
import type { Attempt, Epic, LandingRow, Machine, Question } from '../domain/rows.ts'
import { usageJson } from './cost-words.ts'

/** What a task's own row does not know. */
export interface Around {
  needs: readonly { id: string; status: TaskStatus; until: 'completed' | 'over' }[]
  findings: readonly Finding[]
  /** Its last attempt. */
  attempt: Attempt | undefined
  /** Where it works, while it does. */
  worktree: string | null
  usageTotal: Usage
  /** What its last attempt claims; not asked for many tasks at once. */
  report?: Report | null
}

export const isoTime = (at: number | null | undefined): string | null => (at ? new Date(at).toISOString() : null)

/** A task as every command shows it to programs. What is not known is null. */
export function taskJson(task: Task, { needs, findings, attempt, worktree, usageTotal, report }: Around) {
  const {
    blockedNote,
    timeoutMs,
    rest: _rest,
    openNeeds: _openNeeds,
    lostInARow: _lost,
    approved: _approved,
    landings: _landings,
    email: _email,
    ...row
  } = task
  return {
    ...row,
    needs: needs.map(({ id }) => id),
    waitingFor: needs.filter((need) => !isMet(need)).map(({ id, status }) => ({ id, status })),
    findings,
    blockedNote: blockedNote || null,
    timeout: timeoutMs === null ? null : showDuration(timeoutMs),
    notBefore: isoTime(task.notBefore),
    branch: task.commit !== null && task.landedCommit === null ? `drover/${task.id}` : null,
    worktree,
    machine: attempt?.machine ?? null,
    createdAt: isoTime(task.createdAt),
    updatedAt: isoTime(task.updatedAt),
    startedAt: isoTime(task.startedAt),
    finishedAt: isoTime(task.finishedAt),
    ...(report === undefined ? {} : { report }),
    usage: usageJson(task.usage),
    usageTotal: usageJson(usageTotal),
  }
}

export const attemptJson = ({
  task: _task,
  holder: _holder,
  claimedAt,
  startedAt,
  finishedAt,
  endedAt,
  usage,
  ...attempt
}: Attempt) => ({
  ...attempt,
  usage: usageJson(usage),
  claimedAt: isoTime(claimedAt),
  startedAt: isoTime(startedAt),
  finishedAt: isoTime(finishedAt),
  endedAt: isoTime(endedAt),
})

export const questionJson = ({ task: _task, at, deadline, answeredAt, ...question }: Question) => ({
  ...question,
  at: isoTime(at),
  deadline: isoTime(deadline),
  answeredAt: isoTime(answeredAt),
})

export const landingJson = ({ at, ...landing }: LandingRow) => ({ ...landing, at: isoTime(at) })

export function epicJson(epic: Epic, standing: Standing) {
  const { id, title, description, status, priority, labels, createdAt } = epic
  return {
    id,
    title,
    description,
    status,
    priority,
    labels,
    counts: standing.counts,
    total: standing.total,
    progress: progress(standing),
    createdAt: isoTime(createdAt),
  }
}

export function workerJson(
  { machine, slot, task, agent, account, claimedAt }: Attempt,
  status: TaskStatus | undefined,
) {
  const isStopping = status !== 'claimed' && status !== 'in_progress'
  return {
    id: `${machine}/${slot}`,
    machine,
    slot,
    state: isStopping ? 'stopping' : status,
    taskId: task,
    agent,
    account,
    since: isoTime(claimedAt),
  }
}

const stateOf = ({ leftAt, isLost }: Machine): 'here' | 'left' | 'lost' =>
  leftAt === null ? 'here' : isLost ? 'lost' : 'left'

export const machineJson = (machine: Machine, workers: readonly { attempt: Attempt }[]) => ({
  name: machine.name,
  state: stateOf(machine),
  slots: machine.slots,
  busy: workers.filter(({ attempt }) => attempt.machine === machine.name).length,
  labels: machine.labels,
  since: isoTime(machine.leftAt ?? machine.joinedAt),
})

/** One line of `drover stream`. */
export function eventJson(event: Event, epicId: string | null) {
  const { seq, key, type, at, task, attempt, machine, slot, actor, data } = event
  return {
    seq,
    id: key,
    type,
    timestamp: new Date(at).toISOString(),
    taskId: task ?? null,
    epicId,
    attempt: attempt ?? null,
    workerId: machine !== null && slot !== null ? `${machine}/${slot}` : null,
    actor,
    data,
  }
}
