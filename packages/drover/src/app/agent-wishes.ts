import { readType } from '../domain/draft.ts'
import { DroverError } from '../domain/error.ts'
import type { ProposedPart } from '../domain/event.ts'
import { readDuration } from '../domain/settings.ts'
import { isOver } from '../domain/task.ts'
import { childOf, childWords, spawnedBy } from '../flow/child.ts'
import type { Crew } from '../flow/crew.ts'
import { ask } from '../flow/operations/ask.ts'
import { find } from '../flow/operations/find.ts'
import { propose } from '../flow/operations/propose.ts'
import { atWork, spawn, type Agent } from '../flow/operations/spawn.ts'
import { flag, needed, texts, usage, words } from './said-fields.ts'
import type { ToolAnswer } from './socket-words.ts'

type Said = Record<string, unknown>

const endNow =
  'End your turn now, without a report: your work and your session are kept, the slot is given to others, and you are woken in this session'

export async function createSubtask(crew: Crew, said: Said, by: Agent): Promise<ToolAnswer> {
  const waits = flag(said.waitForCompletion)
  const wish = {
    title: needed(said, 'title', 1000),
    description: words(said.description, 250_000).trim(),
    type: said.type === undefined ? readType('implementation') : readType(words(said.type, 50)),
    waits,
  }
  const { task, isNew } = await spawn(crew, wish, by)
  const answer = await ofChild(crew, task.id)
  const made = isNew ? `Created ${task.id}.` : `There is such a task already: ${task.id}.`
  if (isOver(task)) return { ...answer, text: `${made}\n${answer.text}` }
  const next = waits
    ? `${endNow} when it is over, with its result.`
    : `It is done by another agent beside you; check_subtask_status tells how it goes.`
  return { text: `${made} ${next}`, fields: { ...answer.fields, created: isNew, waits } }
}

/** One that it made, or all of them. Tasks of others are nobody's business. */
export async function checkSubtaskStatus(crew: Crew, said: Said, by: Agent): Promise<ToolAnswer> {
  const parent = await atWork(crew.reading, by)
  const mine = await spawnedBy(crew.reading, parent.id)
  const id = words(said.taskId, 200).trim()
  if (id !== '') {
    if (!mine.some((one) => one.id === id)) throw new DroverError('no-task', { id, nearest: mine.map((one) => one.id) })
    return ofChild(crew, id)
  }
  const all = await Promise.all(mine.map((one) => ofChild(crew, one.id)))
  return {
    text: all.length === 0 ? 'You have created no tasks.' : all.map(({ text }) => text).join('\n\n'),
    fields: { subtasks: all.map(({ fields }) => fields) },
  }
}

async function ofChild({ reading, here }: Crew, id: string): Promise<ToolAnswer> {
  const task = (await reading.task(id))!
  const child = await childOf(reading, task)
  const awaited = task.parentId !== null && (await reading.needsOf(task.parentId)).some((need) => need.id === id)
  const hold = !isOver(task) && awaited ? [`Do not wait for it here. ${endNow} when it is over.`] : []
  return {
    text: [childWords(child, here.target), ...hold].join('\n'),
    fields: {
      taskId: id,
      title: task.title,
      status: task.status,
      blockedReason: task.blockedReason,
      verdict: task.verdict?.verdict ?? null,
      summary: task.verdict?.summary ?? task.lastError,
      findings: child.findings,
      landedCommit: task.landedCommit,
    },
  }
}

export async function signalDecomposition(crew: Crew, said: Said, by: Agent): Promise<ToolAnswer> {
  const suggested = Array.isArray(said.suggestedSubtasks) ? said.suggestedSubtasks : []
  const parts = suggested.map(partOf)
  await propose(crew, { reason: words(said.reason, 10_000).trim(), parts }, by)
  const text = `Noted: ${parts.length} tasks take the place of this one when your turn is over. End your turn now, without a report; what you have committed is where the first of them begins.`
  return { text, fields: { parts: parts.length } }
}

function partOf(said: unknown, i: number): ProposedPart {
  if (typeof said !== 'object' || said === null) throw usage(`suggestedSubtasks[${i}] is not an object`)
  const fields: Said = { ...said }
  const after = fields.after ?? []
  if (!Array.isArray(after) || !after.every((n) => Number.isInteger(n)))
    throw usage(`suggestedSubtasks[${i}].after is a list of numbers, from 1`)
  return {
    title: needed(fields, 'title', 1000),
    description: words(fields.description, 250_000).trim(),
    complexity: words(fields.estimatedComplexity, 50),
    ...(after.length > 0 ? { after } : {}),
  }
}

export async function recordFinding(crew: Crew, said: Said, by: Agent): Promise<ToolAnswer> {
  const { relevance } = said
  const finding = {
    query: words(said.query, 2000).trim(),
    summary: needed(said, 'summary', 20_000),
    relevance: typeof relevance === 'number' ? String(relevance) : words(relevance, 2000).trim(),
    sourceRef: words(said.sourceRef, 2000).trim(),
  }
  const isNew = await find(crew, finding, by)
  return { text: isNew ? 'Recorded.' : 'This is recorded already.', fields: { recorded: isNew } }
}

export async function askHuman(crew: Crew, said: Said, by: Agent): Promise<ToolAnswer> {
  const deadline = said.deadline === undefined ? null : timeOf(said.deadline, crew.clock.now())
  const asking = { text: needed(said, 'question'), options: texts(said, 'options'), deadline }
  const answered = await ask(crew, asking, by)
  if (answered) return { text: `The answer: ${answered.answer ?? ''}`, fields: { answer: answered.answer } }
  return {
    text: `Asked. Nobody but a person will answer, so do not wait here. ${endNow} with the answer.`,
    fields: { answer: null },
  }
}

/** A moment (`2026-05-01T12:00:00Z`), or from now on (`2h`). */
function timeOf(said: unknown, now: number): number {
  const text = String(said).trim()
  const time = readDuration(text)
  const at = time === undefined ? Date.parse(text) : now + time
  if (Number.isNaN(at)) throw usage(`deadline cannot be "${text}": an ISO 8601 time, or a duration like "2h"`)
  return at
}
