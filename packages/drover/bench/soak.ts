import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { created } from '../test/support/drafts.ts'
import { inFolder, inProject, makeProject, memoryMb, startDaemon } from './project.ts'
import type { Found, Options } from './targets.ts'
import { until } from './timing.ts'

const tasks = 500
const warm = 100

interface Look {
  done: number
  landing: number
  memory: number
  files: number
  worktrees: number
}

/** What grows while many tasks go by. */
export const soak = ({ dir, say }: Options): Promise<Found> =>
  inFolder(dir, async (folder) => {
    const events = Array.from({ length: tasks }, (_, i) => created(`t${i}`, { run: `echo ${i} > t/${i}` }))
    const repo = await makeProject(folder, 1000, events)
    const daemon = await startDaemon(repo, 4)
    const looks: Look[] = []
    try {
      await inProject(repo, ({ reading }) =>
        until(
          'all is done',
          async () => {
            const { completed: done, landing } = (await reading.standing()).counts
            looks.push({
              done,
              landing,
              memory: memoryMb(daemon.pid, 'VmRSS'),
              files: readdirSync(`/proc/${daemon.pid}/fd`).length,
              worktrees: countWorktrees(repo),
            })
            return done === tasks ? true : undefined
          },
          100,
        ),
      )
    } finally {
      await daemon.stop()
    }
    const most = (of: (look: Look) => number, when: (look: Look) => boolean): number =>
      Math.max(0, ...looks.filter(when).map(of))
    const growth = (of: (look: Look) => number): number =>
      most(of, ({ done }) => done > warm) - most(of, ({ done }) => done <= warm)
    const found = {
      'soak memory': growth(({ memory }) => memory),
      'soak files': growth(({ files }) => files),
      'soak worktrees': most(
        ({ worktrees }) => worktrees,
        () => true,
      ),
    }
    say(
      `soak: ${JSON.stringify({
        ...found,
        landing: most(
          ({ landing }) => landing,
          () => true,
        ),
      })}`,
    )
    return found
  })

function countWorktrees(repo: string): number {
  const folder = join(repo, '.git/worktrees')
  return existsSync(folder) ? readdirSync(folder).length : 0
}
