import type { NewEvent } from '../domain/event.ts'
import { isMet } from '../domain/needs.ts'
import type { AttemptEnd } from '../domain/settle.ts'
import type { Reading } from '../ports/reading.ts'
import type { Crew } from './crew.ts'
import { lastReport } from './judge-work.ts'
import { askedIn } from './operations/asked.ts'
import { partsToCreate } from './operations/propose.ts'
import type { Work } from './work.ts'

/**
 * What an agent that is gone waits for, when it left no report: an answer, tasks that it made, or the tasks it is to be
 * split into. Whatever came while it was still at work counts too: it ended its turn to be told.
 */
export async function restOf(crew: Crew, work: Work): Promise<AttemptEnd | undefined> {
  if (await lastReport(crew, work)) return undefined
  return (await asks(crew.reading, work)) ?? (await waits(crew.reading, work)) ?? splits(crew, work)
}

async function asks(reading: Reading, work: Work): Promise<AttemptEnd | undefined> {
  const open = await askedIn(reading, work)
  return open.length === 0 ? undefined : { kind: 'asks', question: open.map(({ text }) => text).join(' · ') }
}

async function waits(
  reading: Reading,
  work: Pick<Work, 'owner' | 'task' | 'attempt'>,
): Promise<AttemptEnd | undefined> {
  const { awaited, isAnswered } = await heardOf(reading, work)
  if (awaited.length === 0 && !isAnswered) return undefined
  const open = (await reading.needsOf(work.owner)).filter((need) => !isMet(need))
  return { kind: 'waits', on: awaited.filter((id) => open.some((need) => need.id === id)) }
}

/** What this agent made its task wait for in this attempt, and whether a question of this attempt has its answer. */
async function heardOf(
  reading: Reading,
  { owner, task, attempt }: Pick<Work, 'owner' | 'task' | 'attempt'>,
): Promise<{ awaited: string[]; isAnswered: boolean }> {
  const edits = await reading.events(0, { task: owner, types: ['task.edited'] }, 500)
  const awaited = edits.flatMap((event) =>
    event.type === 'task.edited' && event.data.until === 'over' && event.actor === `agent:${task}/${attempt}`
      ? event.data.addNeeds
      : [],
  )
  const answered = await reading.questions({ task, open: false })
  return { awaited, isAnswered: answered.some((question) => question.attempt === attempt) }
}

/** Whether an attempt ended only to wait: the next one goes on in its worktree, whoever its agent is. */
export async function onlyWaited(reading: Reading, task: string, attempt: number): Promise<boolean> {
  const asked = await reading.questions({ task })
  if (asked.some((question) => question.attempt === attempt)) return true
  return (await heardOf(reading, { owner: task, task, attempt })).awaited.length > 0
}

/** What the task had done so far is the base of the first part. */
async function splits(crew: Crew, work: Work): Promise<AttemptEnd | undefined> {
  if (work.task !== work.owner) return undefined
  const proposal = await crew.reading.proposal(work.task, work.attempt)
  if (!proposal) return undefined
  const { commit } = await crew.workspace.keep({
    task: work.owner,
    attempt: work.attempt,
    message: `${work.task}: what attempt ${work.attempt} left`,
    author: crew.here.committer,
  })
  const whole = (await crew.reading.task(work.task))!
  const into: NewEvent[] = await partsToCreate(crew, { whole, parts: proposal.parts, startsFrom: commit })
  return { kind: 'splits', reason: proposal.reason, into }
}
