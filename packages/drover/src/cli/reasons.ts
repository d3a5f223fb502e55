import { isMet } from '../domain/needs.ts'
import { heldBack } from '../domain/schedule.ts'
import { isOver, type Task } from '../domain/task.ts'
import { splitInto } from '../flow/operations/split-into.ts'
import type { Reading } from '../ports/reading.ts'
import { statusWords } from './glyph.ts'
import { lasting } from './time.ts'
import { remedy } from './view.ts'

export interface Reasons {
  words: string[]
  /** Commands that would change it. */
  next: string[]
}

/** In words, why a task is where it is. */
export async function reasons(reading: Reading, task: Task, now: number): Promise<Reasons> {
  if (task.kind === 'subtask' && (task.status === 'ready' || task.status === 'landing'))
    return ofSubtask(reading, task, now)
  switch (task.status) {
    case 'ready':
      return ofReady(reading, task, now)
    case 'blocked':
      return task.blockedReason === 'needs' ? ofNeeds(reading, task) : ofBlocked(task)
    case 'claimed':
    case 'in_progress':
      return ofWork(reading, task, now)
    case 'landing':
      return ofLanding(reading, task)
    case 'paused':
      return ofPause(reading, task)
    case 'decomposed':
      return ofParts(reading, task)
    default:
      return ofEnd(task, now)
  }
}

async function ofReady(reading: Reading, task: Task, now: number): Promise<Reasons> {
  const [candidate, open] = await Promise.all([reading.candidate(task.id), reading.openAttempts()])
  const working = (await Promise.all(open.map((attempt) => reading.task(attempt.task)))).filter(
    (one) => one !== undefined && one.id !== task.id,
  )
  const held =
    candidate &&
    heldBack(
      candidate,
      working.filter((one) => one !== undefined),
      now,
    )
  const last = task.lastError ? [`The last attempt ended so: ${task.lastError}`] : []
  if (held) return { words: [`${task.id} is ready, but ${held}.`, ...last], next: [] }
  const ahead = (await reading.tasks({ statuses: ['ready'] })).filter(
    ({ kind, priority, createdAt }) =>
      kind !== 'subtask' && (priority > task.priority || (priority === task.priority && createdAt < task.createdAt)),
  )
  const queue =
    ahead.length > 0 ? `; ${ahead.length} ready ${ahead.length === 1 ? 'task comes' : 'tasks come'} before it` : ''
  return {
    words: [`${task.id} is ready: it starts as soon as drover runs and has a free slot${queue}.`, ...last],
    next: open.length > 0 ? ['drover status'] : ['drover run'],
  }
}

async function ofSubtask(reading: Reading, task: Task, now: number): Promise<Reasons> {
  const parent = task.parentId === null ? undefined : await reading.task(task.parentId)
  if (!parent) return { words: [`${task.id} is ${statusWords(task)}.`], next: [] }
  if (task.status === 'landing')
    return {
      words: [`${task.id} has passed and lands with ${parent.id}, which is ${statusWords(parent)}.`],
      next: [`drover why ${parent.id}`],
    }
  const { words, next } = await reasons(reading, parent, now)
  return { words: [`${task.id} is part of ${parent.id} and runs in its turn when that does.`, ...words], next }
}

/** Names what it needs and, behind that, everything that would have to move first. */
async function ofNeeds(reading: Reading, task: Task): Promise<Reasons> {
  const words = [`${task.id} waits for what it needs:`]
  const next = new Set<string>()
  const seen = new Set<string>([task.id])
  const walk = async (id: string, depth: number): Promise<void> => {
    for (const need of await reading.needsOf(id)) {
      if (isMet(need) || seen.has(need.id) || words.length > 30) continue
      seen.add(need.id)
      const other = await reading.task(need.id)
      if (!other) continue
      words.push(`${'  '.repeat(depth)}${other.id} is ${statusWords(other)}${noteOf(other)}`)
      if (isStopped(other)) next.add(remedy(other))
      if (other.blockedReason === 'needs') await walk(other.id, depth + 1)
      if (other.status === 'decomposed') {
        const parts = await ofParts(reading, other)
        words.push(...parts.words.slice(1).map((line) => `${'  '.repeat(depth)}${line}`))
        for (const line of parts.next) next.add(line)
      }
    }
  }
  await walk(task.id, 1)
  if (next.size > 0) next.add(`drover resolve ${task.id}   (goes on without what is open)`)
  return { words, next: [...next] }
}

const isStopped = ({ status, blockedReason }: Task): boolean =>
  isOver({ status }) || status === 'paused' || (status === 'blocked' && blockedReason !== 'needs')
const noteOf = ({ blockedNote, lastError, status }: Task): string => {
  const note = blockedNote || (status === 'failed' || status === 'cancelled' ? lastError : null)
  return note ? `: ${note}` : ''
}

const waits: Record<string, string> = {
  question: 'has a question for you',
  conflict: 'conflicts with what has landed meanwhile, and all its attempts are used',
  gate: 'did not pass the gate, and all its attempts are used',
  review: 'is done and waits for your approval to land',
  checkout: 'is done, but a checkout of the target is in its way; that is looked at again by itself',
  budget: 'has used up its budget',
  attempts: 'is set aside, because its attempts took their machine with them',
}

function ofBlocked(task: Task): Reasons {
  const { id, blockedReason } = task
  const other =
    blockedReason === 'conflict' || blockedReason === 'gate' ? [`drover land retry ${id}`, `drover retry ${id}`] : []
  return { words: [`${id} ${waits[blockedReason ?? ''] ?? 'waits'}${noteOf(task)}`], next: [remedy(task), ...other] }
}

async function ofWork(reading: Reading, task: Task, now: number): Promise<Reasons> {
  const attempt = await reading.attempt(task.id, task.attempt)
  const steps = await reading.events(0, { task: task.id, types: ['task.progress'] }, 500)
  const step = steps.findLast((event) => event.attempt === task.attempt)
  const since = attempt
    ? ` for ${lasting(now - attempt.claimedAt)} on ${attempt.machine}/${attempt.slot}${attempt.agent ? ` (${attempt.agent})` : ''}`
    : ''
  const doing = task.status === 'claimed' ? 'is being made ready' : 'is at work'
  const last =
    step?.type === 'task.progress' ? [`Its last step, ${lasting(now - step.at)} ago: ${step.data.label}`] : []
  return {
    words: [`${task.id}, attempt ${task.attempt}, ${doing}${since}.`, ...last],
    next: [`drover logs -f ${task.id}`],
  }
}

async function ofLanding(reading: Reading, task: Task): Promise<Reasons> {
  const [landings, lane] = await Promise.all([reading.landings(task.id), reading.tasks({ statuses: ['landing'] })])
  const last = landings.findLast(({ attempt }) => attempt === task.attempt)
  const steps: Record<string, string> = {
    merged: 'its merge is being gated',
    gated: 'its gate is done',
    intended: 'the branch is moving',
    refused: 'it is built anew on the new tip',
  }
  const others = lane.filter(({ id, kind }) => id !== task.id && kind !== 'subtask').length
  const words = `${task.id} has passed and is landing: ${(last && steps[last.outcome]) ?? 'it waits for its turn'}${others > 0 ? `; ${others} others are in the lane` : ''}.`
  return { words: [words], next: ['drover land status'] }
}

async function ofPause(reading: Reading, task: Task): Promise<Reasons> {
  const pauses = await reading.events(0, { task: task.id, types: ['task.paused'] }, 500)
  const last = pauses.at(-1)
  const reason = last?.type === 'task.paused' && last.data.reason ? `: ${last.data.reason}` : ''
  return {
    words: [`${task.id} was paused by ${last?.actor.replace(/^person:/, '') ?? 'somebody'}${reason}`],
    next: [`drover resume ${task.id}`],
  }
}

async function ofParts(reading: Reading, task: Task): Promise<Reasons> {
  const splits = await reading.events(0, { task: task.id, types: ['task.decomposed'] }, 500)
  const last = splits.at(-1)
  const parts = await Promise.all((await splitInto(reading, task)).map((id) => reading.task(id)))
  const open = parts.filter((part) => part !== undefined).filter(({ status }) => status !== 'completed')
  const lines = open.map((part) => `  ${part.id} is ${statusWords(part)}${noteOf(part)}`)
  const why = last?.type === 'task.decomposed' && last.data.reason ? ` (${last.data.reason})` : ''
  return {
    words: [`${task.id} was split${why}, and is done when its parts are:`, ...lines],
    next: open.filter(isStopped).map(remedy),
  }
}

function ofEnd(task: Task, now: number): Reasons {
  const since = task.finishedAt === null ? '' : ` ${lasting(now - task.finishedAt)} ago`
  if (task.status === 'completed')
    return {
      words: [
        `${task.id} was completed${since}${task.landedCommit ? `: it landed as ${task.landedCommit.slice(0, 10)}` : ', with nothing to land'}.`,
      ],
      next: [],
    }
  return {
    words: [
      `${task.id} ${task.status === 'failed' ? 'failed' : 'was cancelled'}${since}${task.lastError ? `: ${task.lastError}` : ''}`,
    ],
    next: [`drover retry ${task.id}`],
  }
}
