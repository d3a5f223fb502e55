import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { created } from '../test/support/drafts.ts'
import { bundled, envOf, inFolder, lean, makeProject } from './project.ts'
import { makeRepository } from './repository.ts'
import type { Found, Options } from './targets.ts'
import { median, ratioOf, runCounted } from './timing.ts'

export interface Drove extends Ran {
  /** From the first claim to the last landing. */
  drivenMs: number
  /** What PostgreSQL was asked. */
  queries: number
  commits: number
  completed: number
  activeMs: number
  loopCpuMs: number
  blockedMs: number
}

interface Ran {
  ms: number
  cpuMs: number
}

type Size = Pick<Options, 'dir' | 'tasks' | 'workers'> & { files: number; db?: string }

/** Drover beside the floor, in pairs. */
export async function drive({ dir, rounds, tasks, workers, files, say }: Options): Promise<Found> {
  return inFolder(dir, async (own) => {
    const driver = bundled('drive-noop', own)
    const found: Found = {}
    // As whoever has run it once: its code is in the cache.
    await runDrover({ dir, tasks: workers, workers, files: 100 }, driver)
    for (const count of files) {
      const size = { dir, tasks, workers, files: count }
      const pairs = await inPairs(size, driver, rounds, say)
      const ratio = ratioOf(
        pairs.map(({ drover }) => drover.ms),
        pairs.map(({ floor }) => floor.ms),
      )
      if (count === 20_000) found['drive 20k'] = ratio
      else
        Object.assign(found, {
          'drive 1k': ratio,
          ...perTask(pairs, tasks),
          'drive blocked': await blockedPerTask(size, driver, Math.min(rounds, 3)),
          ...(await countProcesses(size, driver, say)),
        })
    }
    return found
  })
}

type Pair = { floor: Ran; drover: Drove }

export async function inPairs(size: Size, driver: string, rounds: number, say: Options['say']): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let round = 0; round < rounds; round++) {
    const isFirst = round % 2 === 0
    const before = isFirst ? await runFloor(size) : undefined
    const drover = await runDrover(size, driver)
    const floor = before ?? (await runFloor(size))
    pairs.push({ floor, drover })
    say(
      `${size.files} files, round ${round + 1}: floor ${floor.ms} ms, drover ${drover.ms} ms, ratio ${(drover.ms / floor.ms).toFixed(2)}`,
    )
  }
  return pairs
}

function perTask(pairs: readonly Pair[], tasks: number): Found {
  const each = (of: (pair: Pair) => number): number => median(pairs.map(of))
  return {
    'drive cpu 1k': each(({ floor, drover }) => drover.cpuMs / floor.cpuMs),
    'drive cpu': each(({ drover }) => drover.cpuMs) / tasks,
    'drive commits': each(({ drover }) => drover.commits) / tasks,
    'drive loop cpu': each(({ drover }) => drover.loopCpuMs) / tasks,
    'drive active': each(({ drover }) => drover.activeMs) / tasks,
  }
}

/** In runs of their own: looking so often would be a part of what the others measure. */
async function blockedPerTask(size: Size, driver: string, rounds: number): Promise<number> {
  const blocked: number[] = []
  for (let round = 0; round < rounds; round++)
    blocked.push((await runDrover(size, driver, { watched: true })).blockedMs)
  return median(blocked) / size.tasks
}

const runFloor = ({ dir, files, tasks, workers }: Size): Promise<Ran> =>
  inFolder(dir, (folder) => {
    makeRepository(join(folder, 'repo'), files)
    const args = [join(folder, 'repo'), join(folder, 'wt'), String(tasks), String(workers)]
    const { said, cpuMs } = runCounted(join(import.meta.dirname, 'floor.sh'), args, envOf(folder))
    return { ms: Number(said), cpuMs }
  })

export const runDrover = (
  { dir, files, tasks, workers, db }: Size,
  driver: string,
  {
    under = [],
    watched = false,
    push = 'off',
  }: { under?: readonly string[]; watched?: boolean; push?: 'on' | 'off' } = {},
): Promise<Drove> =>
  inFolder(dir, async (folder) => {
    const events = Array.from({ length: tasks }, (_, i) => created(`t${i}`, { run: `echo ${i} > t/${i}.txt` }))
    const repo = await makeProject(folder, files, events, db)
    const words = [lean, driver, repo, String(workers), ...(watched ? ['watched'] : [])]
    const [file = '', ...args] = [...under, process.execPath, ...words]
    const drove = JSON.parse(
      execFileSync(file, args, {
        env: { ...envOf(folder), NODE_COMPILE_CACHE: join(driver, '../cache'), DROVER_LAND_PUSH: push },
        encoding: 'utf8',
      }),
    ) as Drove
    if (drove.completed !== tasks) throw new Error(`only ${drove.completed} of ${tasks} tasks were completed`)
    return drove
  })

/** How many git processes and shells a run starts, each wherever it stands: the kernel's own count. */
const countProcesses = (size: Size, driver: string, say: Options['say']): Promise<Found> =>
  inFolder(size.dir, async (folder) => {
    if (spawnSync('strace', ['-V']).status !== 0) {
      say('processes are not counted: there is no strace here')
      return {}
    }
    const log = join(folder, 'log')
    await runDrover(size, driver, { under: ['strace', '-f', '-qq', '-e', 'trace=execve', '-o', log] })
    const programs = programsOf(readFileSync(log, 'utf8'))
    const count = (name: RegExp): number => programs.filter((program) => name.test(program)).length / size.tasks
    return { 'drive git': count(/\/git$/), 'drive shells': count(/\/(?:da|ba)?sh$/) }
  })

/** What was really started: a look along PATH fails where the program is not. */
function programsOf(log: string): string[] {
  const asked = new Map<string, string>()
  return log.split('\n').flatMap((line) => {
    const pid = line.slice(0, line.indexOf(' '))
    const program = /execve\("([^"]+)"/.exec(line)?.[1]
    if (program !== undefined) asked.set(pid, program)
    return line.endsWith(' = 0') && line.includes('execve') ? [asked.get(pid) ?? ''] : []
  })
}
