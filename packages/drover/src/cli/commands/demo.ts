import { rmSync } from 'node:fs'
import { command } from '../command.ts'
import { driveAndShow } from '../drive.ts'
import { escapedLines } from '../escape.ts'
import { drivingFlags } from '../run-options.ts'

export const demo = command({
  name: 'demo',
  summary: 'See drover drive a small project, no account needed',
  about:
    'In a temporary repository with dependencies, sub-tasks, a conflict and a failing gate, worked on by built-in agents.',
  options: {
    workers: { type: 'string', short: 'w', arg: 'n', about: 'How many agents run at once' },
    keep: { type: 'boolean', about: 'Keep the repository and say where it is' },
  },
  examples: ['drover demo', 'drover demo --workers 8 --keep'],
  async run(context, { workers, keep }) {
    const { print } = context
    const [{ demoLog, makeDemo }, { openProject }] = await Promise.all([
      import('../../app/demo.ts'),
      import('../../app/open-project.ts'),
    ])
    const root = await makeDemo()
    const project = await openProject({ folder: root, flags: drivingFlags({ workers }) })
    try {
      print.note(`A small project in ${root}: nine tasks with needs, sub-tasks, a conflict and a gate that fails once.`)
      const code = await driveAndShow(context, project, { epic: null, accounts: null, isPlain: true })
      if (!print.json) print.lines(['', ...escapedLines((await demoLog(root)).trimEnd())])
      print.note('', keep ? `cd ${root} && drover status` : 'drover init   (in a repository of your own)')
      return code
    } finally {
      await project.close()
      if (!keep) rmSync(root, { recursive: true, force: true, maxRetries: 5 })
    }
  },
})
