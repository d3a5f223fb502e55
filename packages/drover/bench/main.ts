import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildSync } from 'esbuild'
import { initProject } from '../src/app/init.ts'
import { openProject } from '../src/app/open-project.ts'
import { created } from '../test/support/drafts.ts'
import { makeRepository, gitIn } from './repository.ts'

// Drover beside the floor, in pairs on one filesystem. Only the ratios mean anything: machines are noisy.
const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '100' },
    workers: { type: 'string', default: '4' },
    files: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
})
const [tasks, workers, files, rounds] = [values.tasks, values.workers, values.files, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
]
const here = import.meta.dirname

/** Measured as it is shipped: bundled. From source the type stripper alone takes 60 MB, and forking grows with memory. */
const driver = join(mkdtempSync(join(tmpdir(), 'drover-bundle-')), 'drive-noop.mjs')
buildSync({
  entryPoints: [join(here, 'drive-noop.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  outfile: driver,
  logLevel: 'error',
})

interface Drove {
  ms: number
  commits: number
  completed: number
  activeMs: number
  rssMb: number
}

function inFolder<T>(body: (folder: string) => T): T {
  const folder = mkdtempSync(join(values.dir, 'drover-bench-'))
  try {
    return body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const floor = (): number =>
  inFolder((folder) => {
    makeRepository(join(folder, 'repo'), files)
    return Number(
      execFileSync(join(here, 'floor.sh'), [join(folder, 'repo'), join(folder, 'wt'), String(tasks), String(workers)], {
        encoding: 'utf8',
      }),
    )
  })

async function drover(path?: string): Promise<Drove> {
  const folder = mkdtempSync(join(values.dir, 'drover-bench-'))
  const repo = join(folder, 'repo')
  makeRepository(repo, files)
  await addTasks(repo)
  gitIn(repo, ['symbolic-ref', 'HEAD', 'refs/heads/elsewhere'])
  const env = {
    ...process.env,
    HOME: folder,
    GIT_CONFIG_GLOBAL: '/dev/null',
    ...(path ? { PATH: `${path}:${process.env.PATH}` } : {}),
  }
  const said = execFileSync(process.execPath, ['--max-semi-space-size=1', driver, repo, String(workers)], {
    encoding: 'utf8',
    env,
  })
  rmSync(folder, { recursive: true, force: true })
  const drove = JSON.parse(said) as Drove
  if (drove.completed !== tasks) throw new Error(`only ${drove.completed} of ${tasks} tasks were completed`)
  return drove
}

async function addTasks(repo: string): Promise<void> {
  await initProject({ folder: repo })
  const project = await openProject({ folder: repo })
  const events = Array.from({ length: tasks }, (_, i) => created(`t${i}`, { run: `echo ${i} > t/${i}.txt` }))
  await project.ledger.append(events, project.person())
  await project.close()
}

/** How many git processes and shells a run starts: every one goes through a shim that leaves a line. */
async function countProcesses(): Promise<{ git: number; sh: number }> {
  const folder = mkdtempSync(join(values.dir, 'drover-count-'))
  const log = join(folder, 'log')
  mkdirSync(join(folder, 'bin'))
  for (const name of ['git', 'sh']) {
    const real = execFileSync('which', [name], { encoding: 'utf8' }).trim()
    writeFileSync(
      join(folder, 'bin', name),
      `#!${realShell}\necho ${name} "$*" | head -n 1 >> ${log}\nexec ${real} "$@"\n`,
    )
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  await drover(join(folder, 'bin'))
  const lines = readFileSync(log, 'utf8').split('\n')
  rmSync(folder, { recursive: true, force: true })
  return {
    git: lines.filter((line) => line.startsWith('git ')).length,
    sh: lines.filter((line) => line.startsWith('sh ')).length,
  }
}
const realShell = '/bin/bash'

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
const pairs: { floor: number; drover: Drove; ratio: number }[] = []
for (let round = 0; round < rounds; round++) {
  const [low, own] =
    round % 2 === 0 ? [floor(), await drover()] : await drover().then((drove): [number, Drove] => [floor(), drove])
  pairs.push({ floor: low, drover: own, ratio: own.ms / low })
  console.error(`round ${round + 1}: floor ${low} ms, drover ${own.ms} ms, ratio ${(own.ms / low).toFixed(2)}`)
}
const processes = await countProcesses()
const last = pairs.at(-1)!.drover
const result = {
  tasks,
  workers,
  files,
  filesystem: execFileSync('stat', ['-f', '-c', '%T', values.dir], { encoding: 'utf8' }).trim(),
  floorMsPerTask: median(pairs.map((pair) => pair.floor)) / tasks,
  droverMsPerTask: median(pairs.map((pair) => pair.drover.ms)) / tasks,
  ratio: median(pairs.map((pair) => pair.ratio)),
  commitsPerTask: last.commits / tasks,
  gitPerTask: processes.git / tasks,
  shellsPerTask: processes.sh / tasks,
  loopMsPerTask: last.activeMs / tasks,
  rssMb: last.rssMb,
}
console.log(JSON.stringify(result, null, values.json ? 0 : 2))
