import { DroverError } from '../../domain/error.ts'
import { readDuration, showDuration } from '../../domain/settings.ts'
import { command } from '../command.ts'

const month = '30d'

export const gc = command({
  name: 'gc',
  summary: 'Delete what is kept of jobs that are long finished',
  about:
    'The rows of finished jobs and their steps, dead processes, answered requests to a daemon. Nothing of a task that is not over, and nothing that why, logs, export or rescue show: tasks, events, work and what agents said stay.',
  options: {
    'older-than': { type: 'string', arg: 'time', about: `Only what ended longer ago than this (${month})` },
    'dry-run': { type: 'boolean', about: 'Only say what would go' },
  },
  examples: ['drover gc', 'drover gc --older-than 7d --dry-run'],
  async run({ project, print }, values) {
    const word = values['older-than'] ?? month
    const age = readDuration(word)
    if (age === undefined)
      throw new DroverError('bad-value', { name: '--older-than', value: word, expected: 'a duration like 30d' })
    const dryRun = values['dry-run'] === true
    const opened = await project()
    const { collectFinished } = await import('../../app/open-runtime.ts')
    const deleted = await collectFinished(opened, { before: opened.clock.now() - age, dryRun })
    const { jobs, steps, processes, wishes } = deleted
    print.done(
      { dryRun, olderThan: showDuration(age), deleted },
      `${dryRun ? 'Would delete' : 'Deleted'} ${count(jobs, 'finished job')} with ${count(steps, 'step')}, ${count(processes, 'dead process', 'es')}, ${count(wishes, 'answered request')}`,
    )
  },
})

const count = (n: number, name: string, plural = 's'): string => `${n} ${name}${n === 1 ? '' : plural}`
