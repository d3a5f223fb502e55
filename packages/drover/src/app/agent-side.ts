import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { environment } from './load-config.ts'
import { writePrivateFile } from './private-file.ts'
import { askAt } from './socket-client.ts'

const needed = ['DROVER_RUN_ID', 'DROVER_TASK_ID', 'DROVER_TOKEN', 'DROVER_SOCKET', 'DROVER_FOLDER'] as const
type Told = { how: 'told' | 'left in a file'; task: string }

/** What an agent says from inside its attempt: to the daemon, or into a file while no daemon answers. */
export async function sayAsAgent(ask: 'report' | 'progress', said: Readonly<Record<string, unknown>>): Promise<Told> {
  const missing = needed.filter((name) => !environment[name])
  if (missing.length > 0) throw new DroverError('not-an-attempt', { missing })
  const [runId, task, token, socket, folder] = needed.map((name) => environment[name]!) as [
    string,
    string,
    string,
    string,
    string,
  ]
  const request = randomBytes(9).toString('base64url')
  const answer = await askAt(socket, { ask, runId, task, token, request, said }, 10_000).catch((error: unknown) => {
    if (error instanceof DroverError && error.code === 'no-daemon') return undefined
    throw error
  })
  if (answer?.ok) return { how: 'told', task }
  if (answer?.code === 'usage') throw new DroverError('usage', { problem: answer.problem, command: 'parcel' })
  if (answer?.code === 'refused-token') throw new DroverError('refused-token', {})
  // A daemon that could not write it down is as good as none.
  return leave(ask, { folder, task, token, said })
}

/** Collected when the daemon is back. Progress is only worth something while it is watched. */
async function leave(
  ask: 'report' | 'progress',
  { folder, task, token, said }: { folder: string; task: string; token: string; said: unknown },
): Promise<Told> {
  if (ask === 'report' && existsSync(folder))
    await writePrivateFile(join(folder, 'report.json'), JSON.stringify({ token, report: said }))
  return { how: 'left in a file', task }
}
