import { setTimeout as sleep } from 'node:timers/promises'
import { created } from '../test/support/drafts.ts'
import { inFolder, inProject, makeProject, memoryMb, startDaemon } from './project.ts'
import type { Found, Options } from './targets.ts'
import { until } from './timing.ts'

const agents = 8
const settledMs = 2000

/** What agents print must not pass through the daemon's memory. */
export const memory = ({ dir, say }: Options): Promise<Found> =>
  inFolder(dir, async (folder) => {
    const repo = await makeProject(folder, 1000, [])
    const daemon = await startDaemon(repo, agents)
    try {
      const print = 'yes "one more line of what an agent says while it works, and it says much" | head -c 134217728'
      const events = Array.from({ length: agents }, (_, i) => created(`t${i}`, { run: `${print}; echo ${i} > t/${i}` }))
      await inProject(repo, async (project) => {
        await project.ledger.append(events, project.person())
        await project.poke()
        await until(
          'all is done',
          async () => ((await project.reading.standing()).counts.completed === agents ? true : undefined),
          100,
        )
      })
      const peak = memoryMb(daemon.pid, 'VmHWM')
      await sleep(settledMs)
      const found = { 'memory peak': peak, 'memory idle': memoryMb(daemon.pid, 'VmRSS') }
      say(`memory: ${JSON.stringify(found)}`)
      return found
    } finally {
      await daemon.stop()
    }
  })
