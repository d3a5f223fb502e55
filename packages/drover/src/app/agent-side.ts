import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { DroverError } from '../domain/error.ts'
import { environment } from './load-config.ts'
import { writePrivateFile } from './private-file.ts'
import { askAt } from './socket-client.ts'
import type { AgentAsk, Answer } from './socket-words.ts'

const needed = ['DROVER_RUN_ID', 'DROVER_TASK_ID', 'DROVER_TOKEN', 'DROVER_SOCKET', 'DROVER_FOLDER'] as const
type Told = { how: 'told' | 'left in a file'; task: string }

/** What drover told an agent of its attempt. */
export interface AttemptPlace {
  runId: string
  task: string
  token: string
  socket: string
  folder: string
}

export function attemptPlace(): AttemptPlace {
  const missing = needed.filter((name) => !environment[name])
  if (missing.length > 0) throw new DroverError('not-an-attempt', { missing })
  const [runId = '', task = '', token = '', socket = '', folder = ''] = needed.map((name) => environment[name])
  return { runId, task, token, socket, folder }
}

/** Asks the daemon; nothing when none answers, also not a moment later. Each try is the same request, so it is done once. */
export async function askAsAgent(
  { socket, runId, task, token }: AttemptPlace,
  ask: AgentAsk,
  said: Readonly<Record<string, unknown>>,
  waits: readonly number[] = [],
): Promise<Answer | undefined> {
  const words = { ask, runId, task, token, request: randomBytes(9).toString('base64url'), said }
  for (const wait of [...waits, undefined]) {
    const answer = await askAt(socket, words, 10_000).catch((error: unknown) => {
      if (error instanceof DroverError && error.code === 'no-daemon') return undefined
      throw error
    })
    if (answer || wait === undefined) return answer
    await pass(wait)
  }
  return undefined
}

/** What an agent says from inside its attempt: to the daemon, or into a file while no daemon answers. */
export async function sayAsAgent(ask: 'report' | 'progress', said: Readonly<Record<string, unknown>>): Promise<Told> {
  const place = attemptPlace()
  const answer = await askAsAgent(place, ask, said)
  if (answer?.ok) return { how: 'told', task: place.task }
  if (answer?.code === 'usage') throw new DroverError('usage', { problem: answer.problem, command: 'parcel' })
  if (answer?.code === 'refused-token') throw new DroverError('refused-token', {})
  // A daemon that could not write it down is as good as none. Progress is only worth something while it is watched.
  if (ask === 'report') await leaveReport(place, said)
  return { how: 'left in a file', task: place.task }
}

/** Collected when the daemon is back. */
export async function leaveReport({ folder, token }: AttemptPlace, report: unknown): Promise<void> {
  if (existsSync(folder)) await writePrivateFile(join(folder, 'report.json'), JSON.stringify({ token, report }))
}
