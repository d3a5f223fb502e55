import { resolveEpic } from '../../flow/operations/resolve-task.ts'
import { command, type Context } from '../command.ts'
import { driveAndShow } from '../drive.ts'
import type { Values } from '../option.ts'
import { accountsIn, asWords, drivingFlags, runOptions } from '../run-options.ts'

export const run = command({
  name: 'run',
  summary: 'Drive all tasks until nothing can go on',
  about:
    'Shows what happens, and ends by itself with a summary. Exit code 0: all is completed; 8: some failed or wait for you. ' +
    'If a daemon drives this project already, it is followed to the end. Ctrl-C lets the agents stop at a safe point; twice stops them now.',
  options: runOptions,
  examples: ['drover run', 'drover run --workers 8 --epic epic-a1b2', 'drover run --json | jq .type'],
  run: startRun,
})

export async function startRun(
  context: Context,
  { detach, ...values }: Partial<Values<typeof runOptions>>,
): Promise<number> {
  const project = await context.project(drivingFlags(values))
  const epic = values.epic === undefined ? null : (await resolveEpic(project.reading, values.epic)).id
  const accounts = await accountsIn(project, values.profiles)
  const isPlain = Object.keys(drivingFlags(values)).length === 0 && accounts === null
  if (!detach) return driveAndShow(context, project, { epic, accounts, isPlain })
  const { startDaemon } = await import('../../app/start-daemon.ts')
  const holder = await startDaemon(project, ['run', ...asWords(values)])
  context.print.done(holder, `Driving in the background, pid ${holder.pid}`, 'drover watch')
  return 0
}
