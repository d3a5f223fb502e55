import { join } from 'node:path'
import type { Hand } from '../src/domain/hand.ts'
import { openProject, type Project } from '../src/app/open-project.ts'
import { inPairs } from './drive.ts'
import { builtCli, bundled, envOf, inFolder, lean, makeProject, writeTasks } from './project.ts'
import type { Found, Options } from './targets.ts'
import { ratioOf, runCounted, timeCommands } from './timing.ts'

const sizes = [1000, 10_000, 100_000] as const

/** What becomes slower when there is more of it. */
export const growth = ({ dir, rounds, say }: Options): Promise<Found> =>
  inFolder(dir, async (folder) => {
    const projects: Project[] = []
    let seconds = 0
    for (const size of sizes) {
      const repo = await makeProject(join(folder, String(size)), 10, [])
      writeTasks(join(folder, 'tasks.jsonl'), size)
      const words = [lean, builtCli(), '-C', repo, 'import-jsonl', join(folder, 'tasks.jsonl')]
      seconds = runCounted(process.execPath, words, envOf(join(repo, '..'))).cpuMs / 1000 // the last one is the largest
      say(`import of ${size} tasks: ${seconds.toFixed(2)} s`)
      projects.push(await openProject({ folder: repo }))
    }
    try {
      const [small, middle, large] = await timeClaims(projects, rounds * 20)
      const found: Found = {
        'growth import': seconds,
        'growth claim 10k': ratioOf(middle!, small!),
        'growth claim 100k': ratioOf(large!, small!),
        ...timeReading(join(folder, String(sizes[2]), 'repo'), rounds),
      }
      say(`growth: ${JSON.stringify(found)}`)
      return { ...found, 'growth drive 100k': await driveLarge(dir, folder, say) }
    } finally {
      for (const project of projects) await project.close()
    }
  })

const claude: Hand = {
  agent: 'claude',
  accounts: ['claude'],
  picked: null,
  fallback: null,
  anytime: false,
  tellsCost: true,
}

/** Claims of all sizes take turns. */
async function timeClaims(projects: readonly Project[], rounds: number): Promise<number[][]> {
  const times: number[][] = projects.map(() => [])
  for (let round = -10; round < rounds; round++)
    for (const [i, { ledger, clock, machine }] of projects.entries()) {
      const claim = { machine, slot: 1, epic: null, hands: [claude], defaultAgent: 'claude', now: clock.now() }
      const begun = performance.now()
      const task = await ledger.claim(claim, function* () {})
      if (!task) throw new Error('there was nothing to claim')
      if (round >= 0) times[i]!.push(performance.now() - begun)
    }
  return times
}

function timeReading(repo: string, rounds: number): Found {
  const cli = [process.execPath, lean, builtCli()] as const
  const [bare, status, why, list] = timeCommands(
    [
      [process.execPath, '-e', '0'],
      [...cli, 'status'],
      [...cli, 'why', 't99999'],
      [...cli, 'list'],
    ],
    { rounds, cwd: repo, env: envOf(join(repo, '..')) },
  ) as [number[], number[], number[], number[]]
  return {
    'growth status 100k': ratioOf(status, bare),
    'growth why 100k': ratioOf(why, bare),
    'growth list 100k': ratioOf(list, bare),
  }
}

/** One pair: a hundred thousand files take their time. */
async function driveLarge(dir: string, own: string, say: Options['say']): Promise<number> {
  const size = { dir, tasks: 24, workers: 4, files: 100_000 }
  const [pair] = await inPairs(size, bundled('drive-noop', own), 1, say)
  return pair!.drover.ms / pair!.floor.ms
}
