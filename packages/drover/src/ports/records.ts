import type { Job } from './durable.ts'
import type { Part } from './ledger.ts'
import type { Wish } from '../domain/rows.ts'

/** Rows that are not the ledger's story: who holds what on which machine, and what is wished for. No event tells of them. */
export interface Records {
  /** From now on this holder speaks for the attempt, and nobody else. */
  hold(task: string, attempt: number, holder: string): Part
  /** The attempt goes on here, in this slot. */
  seat(task: string, attempt: number, where: { machine: string; slot: number }): Promise<void>
  /** The attempt's job has stopped its processes and kept its work. */
  end(task: string, attempt: number, at: number): Part
  offset(task: string, attempt: number): Promise<number>
  readTo(task: string, attempt: number, offset: number): Promise<void>
  /** The hint was said to this attempt's agent, which has not shown yet that it heard it. */
  said(hint: string, attempt: number): Promise<void>
  trusted(): Promise<Record<string, string>>
  /** Instead of everything that begins so. */
  trust(drivers: Readonly<Record<string, string>>, instead?: string): Promise<void>
  wish(what: string, about: unknown, at: number): Promise<number>
  wishes(): Promise<Wish[]>
  answerWish(id: number, answer: unknown): Promise<void>
  answerTo(id: number): Promise<unknown>
  /** Jobs that no living one stands for: tasks at work or landing without a job, jobs without such a task. */
  strays(): Promise<{
    tasks: { id: string; attempt: number; landings: number; status: 'claimed' | 'in_progress' | 'landing' }[]
    jobs: Job[]
  }>
}
