import type { Question } from '../domain/rows.ts'
import { personReasons, tooLateFor, waitsForPerson, type Task } from '../domain/task.ts'
import { openQuestions } from '../flow/operations/answer.ts'
import type { Reading } from '../ports/reading.ts'
import { escaped } from './escape.ts'
import { glyphOf } from './glyph.ts'
import type { Print } from './print.ts'
import { lasting, when } from './time.ts'
import { remedy } from './view.ts'

interface Asked extends Question {
  /** Its deadline has passed. It waits on all the same. */
  isOverdue: boolean
}

interface Item {
  task: Task
  kind: NonNullable<Task['blockedReason']> | 'paused' | 'hint'
  /** What is asked, or why it waits. */
  words: string
  questions: Asked[]
  since: number
  /** What to type; the first most likely helps. */
  commands: string[]
}

/** So long a person is told that a hint came too late. */
const missedForMs = 24 * 60 * 60_000

/** Everything that only a person can move on: what is overdue first, then the oldest. */
export async function readInbox(reading: Reading, now: number, epic?: string): Promise<Item[]> {
  const filter = { statuses: ['blocked', 'paused'], reasons: personReasons, ...(epic ? { epic } : {}) } as const
  const waiting = (await reading.tasks(filter)).filter((task) => waitsForPerson(task))
  const items = await Promise.all(waiting.map((task) => itemOf(reading, task, now)))
  const missed = await missedHints(reading, now - missedForMs, epic)
  return [...items, ...missed].toSorted((a, b) => Number(isLate(b)) - Number(isLate(a)) || a.since - b.since)
}

/** Nothing waits for these, but whoever gave one should hear that nobody heard it. */
async function missedHints(reading: Reading, since: number, epic: string | undefined): Promise<Item[]> {
  const missed = await reading.missedHints(since)
  const items = missed.map(async ({ task: id, text, at }): Promise<Item> => {
    const task = (await reading.task(id))!
    const commands = task.status === 'completed' ? [`drover retry ${id} --force`] : [`drover show ${id}`]
    return {
      task,
      kind: 'hint',
      words: `not delivered, ${tooLateFor(task)}: ${text}`,
      questions: [],
      since: at,
      commands,
    }
  })
  return (await Promise.all(items)).filter(({ task }) => epic === undefined || task.epicId === epic)
}

const isLate = ({ questions }: Item): boolean => questions.some(({ isOverdue }) => isOverdue)

async function itemOf(reading: Reading, task: Task, now: number): Promise<Item> {
  const asked = task.blockedReason === 'question' ? await openQuestions(reading, task) : []
  const questions = asked.map((one) => ({ ...one, isOverdue: one.deadline !== null && one.deadline <= now }))
  const kind = task.status === 'paused' ? 'paused' : task.blockedReason!
  const words = questions[0]?.text ?? (task.blockedNote || task.rest?.note || '')
  return {
    task,
    kind,
    words,
    questions,
    since: task.updatedAt,
    commands: [remedy(task), ...(others[kind]?.(task.id) ?? [])],
  }
}

const others: Partial<Record<Item['kind'], (id: string) => string[]>> = {
  question: (id) => [`drover resolve ${id} --note "your answer"`],
  review: (id) => [`drover diff ${id}`],
  conflict: (id) => [`drover land retry ${id}`, `drover retry ${id}`],
  gate: (id) => [`drover land retry ${id}`, `drover retry ${id}`],
  attempts: (id) => [`drover logs ${id}`],
}

/** For people: each with what is asked, its options, and what to type. */
export function inboxLines(items: readonly Item[], { paint, ascii, isTerminal }: Print, now: number): string[] {
  const arrow = ascii ? '->' : '→'
  return items.flatMap(({ task, kind, words, questions, since, commands }) => {
    const asked = questions.length > 0 ? questions : [undefined]
    return [
      `${glyphOf(task, ascii)} ${paint('bold', task.id)} (${kind}, ${when(since, now, isTerminal)}): ${escaped(task.title)}`,
      ...asked.flatMap((question) => [
        ...[question?.text ?? words].filter(Boolean).map((line) => `   ${escaped(line)}`),
        ...(question?.options ?? []).map((option, i) => `     ${i + 1}. ${escaped(option)}`),
        ...deadlineLine(question, now).map((line) => `   ${question?.isOverdue ? paint('red', line) : line}`),
      ]),
      `   ${arrow} ${commands[0]}`,
    ]
  })
}

function deadlineLine(question: Asked | undefined, now: number): string[] {
  if (!question || question.deadline === null) return []
  const { deadline, isOverdue } = question
  return [isOverdue ? `overdue for ${lasting(now - deadline)}` : `wanted within ${lasting(deadline - now)}`]
}
