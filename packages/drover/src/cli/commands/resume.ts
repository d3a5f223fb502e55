import { DroverError } from '../../domain/error.ts'
import { resume as resumeTask } from '../../flow/operations/resume.ts'
import { releaseAccounts } from '../../flow/operations/release-accounts.ts'
import { command, type Context } from '../command.ts'
import { forEachTask } from '../for-each-task.ts'
import { runOptions } from '../run-options.ts'
import { startRun } from './run.ts'

export const resume = command({
  name: 'resume [task...]',
  summary: 'Go on with a run, or with paused tasks',
  about:
    'Without a task: the same as drover run, which always goes on where the last one ended. With tasks: they are no longer paused, and go on in the same session. ' +
    '--now tries accounts that rest at once, first with one attempt each: after a limit was raised, or a login.',
  options: {
    ...runOptions,
    now: { type: 'boolean', about: 'Do not wait for accounts that rest' },
    hint: { type: 'string', arg: 'text', about: 'What the agent of a paused task should know' },
  },
  examples: ['drover resume', 'drover resume --now', 'drover resume task-a1b2 --hint "the design is settled: take B"'],
  async run(context, { hint, now = false, ...values }, words): Promise<number> {
    if (now) await releaseNow(context)
    if (words.length === 0 && hint !== undefined)
      throw new DroverError('usage', { problem: '--hint needs the task it is for', command: 'resume' })
    if (words.length === 0) return startRun(context, values)
    await forEachTask(context, words, async (project, task) => {
      await resumeTask(project, { task, hint: hint ?? '' }, project.person())
      return { sentence: `Resumed ${task.id}`, next: 'drover run' }
    })
    return 0
  },
})

async function releaseNow({ project, print }: Context): Promise<void> {
  const opened = await project()
  const released = await releaseAccounts(opened, opened.person())
  if (released.length > 0) await opened.poke()
  for (const name of released) print.note(`${name} rests no longer: one attempt tries it.`)
}
