import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { created } from '../test/support/drafts.ts'
import { inFolder, inProject, makeProject, startDaemon } from './project.ts'
import type { Found, Options } from './targets.ts'
import { median, percentile, until } from './timing.ts'

/** From a word to an agent that works, with a daemon that has nothing else to do. */
export const latency = ({ dir, rounds, say }: Options): Promise<Found> =>
  inFolder(dir, async (folder) => {
    const repo = await makeProject(folder, 1000, [])
    const daemon = await startDaemon(repo, 2)
    const mark = (name: string): string => `date +%s%N > ${join(folder, name)}`
    const marked = (name: string): Promise<number> =>
      until(name, () => {
        const text = existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : ''
        return text.endsWith('\n') ? Number(BigInt(text.trim()) / 1000n) / 1000 : undefined
      })
    const [toAgent, toDependent]: [number[], number[]] = [[], []]
    try {
      await inProject(repo, async (project) => {
        for (let round = 0; round < rounds * 4; round++) {
          const [first, second] = [`a${round}`, `b${round}`]
          const work = `${mark(`${first}.start`)}; echo ${round} > t/${first}; ${mark(`${first}.end`)}`
          const begun = performance.timeOrigin + performance.now()
          await project.ledger.append(
            [created(first, { run: work }), created(second, { run: mark(second) }, { needs: [first] })],
            project.person(),
          )
          await project.poke()
          toAgent.push((await marked(`${first}.start`)) - begun)
          toDependent.push((await marked(second)) - (await marked(`${first}.end`)))
          await until('idle again', async () =>
            (await project.reading.task(second))?.status === 'completed' ? true : undefined,
          )
        }
      })
    } finally {
      await daemon.stop()
    }
    const found = {
      'latency add': median(toAgent),
      'latency add p95': percentile(toAgent, 0.95),
      'latency need': median(toDependent),
      'latency need p95': percentile(toDependent, 0.95),
    }
    say(`latency: ${JSON.stringify(found)}`)
    return found
  })
