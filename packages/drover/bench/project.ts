import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { initProject } from '../src/app/init.ts'
import { openProject, type Project } from '../src/app/open-project.ts'
import type { NewEvent } from '../src/domain/event.ts'
import { makeRepository, gitIn } from './repository.ts'
import { until } from './timing.ts'

const root = join(import.meta.dirname, '../../..')
export const clone = join(root, 'bin/drover')
/** As `bin/drover` and `daemon start` do it. */
export const lean = '--max-semi-space-size=4'
let cli: string | undefined

/** The CLI as it is shipped: bundled. */
export function builtCli(): string {
  if (cli === undefined) execFileSync(process.execPath, [join(root, 'tools/build.mjs')], { stdio: 'ignore' })
  return (cli ??= join(root, 'packages/drover/dist/main.js'))
}

/** One file of this folder as a bundle: from source the type stripper alone takes 60 MB, and forking grows with memory. */
export function bundled(name: string, into: string): string {
  buildSync({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outdir: into,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: ['@dbos-inc/*', 'pg'], // loaded with PostgreSQL only, from where they are installed
    logLevel: 'error',
  })
  return join(into, `${name}.mjs`)
}

/** Everything below one folder, which goes when the body is over. */
export async function inFolder<T>(dir: string, body: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(dir || tmpdir(), 'drover-bench-'))
  try {
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A repository with a project in it; its own branch is checked out, so that no checkout follows what lands. */
export async function makeProject(
  folder: string,
  files: number,
  events: readonly NewEvent[],
  db?: string,
): Promise<string> {
  const repo = join(folder, 'repo')
  makeRepository(repo, files)
  if (db !== undefined) giveRemote(repo)
  mkdirSync(join(folder, 'run'))
  await initProject({ folder: repo, ...(db === undefined ? {} : { db }) })
  if (events.length > 0) await inProject(repo, (project) => project.ledger.append(events, project.person()))
  gitIn(repo, ['symbolic-ref', 'HEAD', 'refs/heads/elsewhere'])
  return repo
}

/** Through it work travels from machine to machine, as it does by default where they share a database. */
function giveRemote(repo: string): void {
  gitIn(repo, ['clone', '-q', '--bare', repo, `${repo}.git`])
  gitIn(repo, ['remote', 'add', 'origin', `${repo}.git`])
  gitIn(repo, ['fetch', '-q'])
  gitIn(repo, ['branch', '-q', '-u', 'origin/main', 'main'])
}

export async function inProject<T>(repo: string, body: (project: Project) => Promise<T>): Promise<T> {
  const project = await openProject({ folder: repo })
  try {
    return await body(project)
  } finally {
    await project.close()
  }
}

/** Nothing of this machine's settings reaches what is measured. */
export const envOf = (folder: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: folder,
  XDG_RUNTIME_DIR: join(folder, 'run'),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  LC_ALL: 'C.UTF-8',
})

export function drover(repo: string, ...words: string[]): string {
  const args = [lean, builtCli(), ...words]
  const ran = spawnSync(process.execPath, args, {
    cwd: repo,
    env: envOf(join(repo, '..')),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (ran.status !== 0) throw new Error(`drover ${words.join(' ')}: ${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

export interface Daemon {
  pid: number
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A daemon of the bundle, from when it says that it drives. */
export async function startDaemon(
  repo: string,
  workers: number,
  env: NodeJS.ProcessEnv = envOf(join(repo, '..')),
): Promise<Daemon> {
  const args = [lean, builtCli(), 'daemon', '--workers', String(workers)]
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: repo,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let words = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (words += text))
  const ended = once(child, 'close')
  await until('the daemon drives', () => {
    if (child.exitCode !== null) throw new Error(`the daemon ended: ${words}`)
    return words.includes('Driving') ? true : undefined
  })
  return {
    pid: child.pid!,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await ended
    },
  }
}

/** Memory as the kernel counts it: `VmHWM` is the most there ever was, `VmRSS` what there is. */
export function memoryMb(pid: number, line: 'VmHWM' | 'VmRSS'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
}

/** A file of so many tasks, a tenth of them with a need. */
export function writeTasks(file: string, count: number): void {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      id: `t${i}`,
      title: `Task number ${i} of many`,
      description: `Make it so that number ${i} is right.`,
      priority: i % 10,
      ...(i % 10 === 9 ? { blocked_by: [`t${i - 1}`] } : {}),
    }),
  )
  writeFileSync(file, `${lines.join('\n')}\n`)
}
