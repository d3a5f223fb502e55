import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { created } from '../test/support/drafts.ts'
import { inFolder, inProject, makeProject, startDaemon } from './project.ts'
import type { Found, Options } from './targets.ts'
import { median, percentile, until } from './timing.ts'

/** From a word to an agent that works, with a daemon that has nothing else to do. */
export const latency = ({ dir, rounds, say }: Options): Promise<Found> =>
  inFolder(dir, async (folder) => {
    const watch = await openStopwatch(folder)
    try {
      for (let round = 0; round < rounds * 4; round++) await watch.round()
    } finally {
      await watch.close()
    }
    const found = {
      'latency add': median(watch.toAgent),
      'latency add p95': percentile(watch.toAgent, 0.95),
      'latency need': median(watch.toDependent),
      'latency need p95': percentile(watch.toDependent, 0.95),
    }
    say(`latency: ${JSON.stringify(found)}`)
    return found
  })

export interface Stopwatch {
  toAgent: number[]
  toDependent: number[]
  /** Two tasks, of which the second needs the first. Nobody tells the daemon of them when they come from afar. */
  round(from?: 'afar'): Promise<void>
  close(): Promise<void>
}

/** A daemon with the default settings, in a project of its own. */
export async function openStopwatch(folder: string, db?: string): Promise<Stopwatch> {
  const repo = await makeProject(folder, 1000, [], db)
  const daemon = await startDaemon(repo, 2)
  const mark = (name: string): string => `date +%s%N > ${join(folder, name)}`
  const marked = (name: string): Promise<number> =>
    until(name, () => {
      const text = existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : ''
      return text.endsWith('\n') ? Number(BigInt(text.trim()) / 1000n) / 1000 : undefined
    })
  const [toAgent, toDependent]: [number[], number[]] = [[], []]
  let rounds = 0
  return {
    toAgent,
    toDependent,
    round: (from) =>
      inProject(repo, async (project) => {
        const round = ++rounds
        const [first, second] = [`a${round}`, `b${round}`]
        const work = `${mark(`${first}.start`)}; echo ${round} > t/${first}; ${mark(`${first}.end`)}`
        const begun = performance.timeOrigin + performance.now()
        await project.ledger.append(
          [created(first, { run: work }), created(second, { run: mark(second) }, { needs: [first] })],
          project.person(),
        )
        if (from !== 'afar') await project.poke()
        toAgent.push((await marked(`${first}.start`)) - begun)
        toDependent.push((await marked(second)) - (await marked(`${first}.end`)))
        await until('idle again', async () =>
          (await project.reading.task(second))?.status === 'completed' ? true : undefined,
        )
      }),
    close: () => daemon.stop(),
  }
}
