import type { Finding } from '../domain/event.ts'
import { isOver, type Task } from '../domain/task.ts'
import type { Reading } from '../ports/reading.ts'

/** How a task that another one made stands, as far as its maker may know. */
export interface Child {
  task: Task
  findings: readonly Finding[]
}

/** The tasks that an agent of this one made while it worked. */
export const spawnedBy = async (reading: Reading, task: string): Promise<Task[]> =>
  (await reading.tasks({ parent: task })).filter(({ kind }) => kind === 'spawned')

export async function childOf(reading: Reading, task: Task): Promise<Child> {
  return { task, findings: await reading.findings(task.id) }
}

/** What it came to, in words for the agent that made it. Nothing is ever merged into a living worktree: that is said. */
export function childWords({ task, findings }: Child, target: string): string {
  const verdict = task.verdict && `${task.verdict.verdict}: ${task.verdict.summary}`
  const lines = [
    `${task.id} (${task.title}) is ${standing(task)}.`,
    verdict && `Verdict: ${verdict}`,
    isOver(task) && task.status !== 'completed' && task.lastError && `Why: ${task.lastError}`,
    task.landedCommit &&
      `Its work is on ${target} as ${task.landedCommit}, not in your worktree. To have it: git merge --no-edit ${task.landedCommit}`,
    ...findings.map(findingWords),
  ]
  return lines.filter(Boolean).join('\n')
}

const standing = ({ status, blockedReason, blockedNote }: Task): string =>
  status === 'blocked' ? `blocked (${blockedReason}${blockedNote ? `: ${blockedNote}` : ''})` : status.replace('_', ' ')

export const findingWords = ({ summary, relevance, sourceRef }: Finding): string =>
  `- ${summary}${relevance ? ` (relevance: ${relevance})` : ''}${sourceRef ? ` [${sourceRef}]` : ''}`
