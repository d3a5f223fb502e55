import { DroverError } from '../../domain/error.ts'
import type { Event, NewEvent } from '../../domain/event.ts'
import type { Question } from '../../domain/rows.ts'
import type { Task } from '../../domain/task.ts'
import type { Speaker } from '../../ports/ledger.ts'
import type { Reading } from '../../ports/reading.ts'
import { askedIn } from './asked.ts'
import { family } from './family.ts'
import { hinted } from './hint.ts'
import { impossible, on, type Ports, say } from './say.ts'

export interface Answered {
  events: Event[]
  /** As it was understood: a number is the option with that number. */
  text: string
  question: Question | undefined
  /** Still without an answer; the task waits on for these. */
  open: readonly Question[]
}

/** Gives a question its answer. With the last one the task goes on, in the session that asked. */
export async function answer(ports: Ports, wish: { task: Task; text: string }, by: Speaker): Promise<Answered> {
  const { reading, ledger } = ports
  const task = await wholeOf(reading, wish.task)
  if (task.status !== 'blocked' || task.blockedReason !== 'question') throw impossible(task, 'answer')
  const [question, ...others] = await openQuestions(reading, task)
  const text = meant(wish.text.trim(), question)
  if (text === '') throw new DroverError('usage', { problem: 'an answer needs words', command: 'answer' })
  const same = others.filter((other) => other.text === question?.text)
  const open = others.filter((other) => other.text !== question?.text)
  const events: NewEvent[] = [
    ...(question ? [question, ...same].map((one) => answered(one, text)) : hinted(task, text, ports.clock)),
    ...(open.length > 0 ? [] : [goesOn(task, text)]),
  ]
  return { events: await say(ledger, events, by, 'answer'), text, question, open }
}

/** What the agents of this attempt ask, the oldest first. */
export async function openQuestions(reading: Reading, task: Task): Promise<Question[]> {
  const members = await family(reading, task)
  const { id: owner, attempt } = task
  const asked = await Promise.all(members.map(({ id }) => askedIn(reading, { task: id, owner, attempt })))
  return asked.flat().toSorted((a, b) => a.at - b.at)
}

const meant = (text: string, question: Question | undefined): string =>
  (/^\d+$/.test(text) && question?.options[Number(text) - 1]) || text

const answered = ({ id, task, attempt }: Question, text: string): NewEvent => ({
  type: 'task.answered',
  task,
  attempt,
  data: { question: id, text },
})

const goesOn = (task: Task, note: string): NewEvent => ({
  type: 'task.unblocked',
  ...on(task),
  data: { how: 'resolved', note, resets: false, fresh: false },
})

/** A sub-task asks through its parent. */
async function wholeOf(reading: Reading, task: Task): Promise<Task> {
  const parent = task.kind === 'subtask' && task.parentId !== null ? await reading.task(task.parentId) : undefined
  return parent ? wholeOf(reading, parent) : task
}
