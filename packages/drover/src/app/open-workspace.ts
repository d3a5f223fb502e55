import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { runId } from '../domain/id.ts'
import type { Clock } from '../ports/clock.ts'
import type { System } from '../ports/system.ts'
import { cloneDraft, cloneInto, remotesOf } from '../workspace/clone.ts'
import { openWorkspace, type TrustingWorkspace } from '../workspace/open.ts'
import { agentEnv, secret } from './agent-env.ts'
import { realClock } from './clock.ts'
import { environment } from './load-config.ts'
import type { Project } from './open-project.ts'
import { placesBelow, type Places } from './places.ts'
import type { Exec } from './exec.ts'
import { openSystem } from './system.ts'
import { travels } from './travels.ts'
import { trustedHere } from './trust.ts'

type Hands = System & { exec: Exec }

/** The project's git, for the holder of its lock and for those who only look. */
export async function openWorkspaceFor(project: Project, system: Hands = openSystem()): Promise<TrustingWorkspace> {
  const { settings } = project.config
  const below = placesBelow(project.places)
  const env = agentEnv(environment, settings.env_pass, { DROVER_ROOT: project.places.root })
  const mark = runId(project.id, '_gate', 1)
  return openWorkspace({
    ...basics(project.places, system),
    worktreeRoot: withoutLinks(resolve(project.places.root, settings['worktree.root'])),
    target: project.target,
    travels: travels(settings) ? { remote: settings['land.remote'], project: project.id } : null,
    committer: project.committer,
    trusted: () => trustedHere(project),
    gateEnv: env,
    gateMark: mark,
    cache: settings['worktree.cache'],
    include: settings['worktree.include'],
    setup:
      settings['worktree.setup'] === ''
        ? null
        : (path, signal) =>
            setUp(system, signal, {
              command: settings['worktree.setup'],
              path,
              env,
              mark: runId(project.id, `_setup-${basename(path)}`, 1),
              timeoutMs: settings.task_timeout,
              logFile: join(below.run, `setup-${basename(path)}.log`),
            }),
  })
}

/** Before there is a project: only for looking at the repository's configuration. */
export const openWorkspaceAt = (places: Places): TrustingWorkspace =>
  openWorkspace({
    ...basics(places, openSystem()),
    worktreeRoot: placesBelow(places).worktrees,
    target: 'HEAD',
    committer: { name: 'drover', email: 'drover@localhost' },
    trusted: async () => ({}),
    gateEnv: {},
    gateMark: '',
    cache: [],
    include: '',
    setup: null,
  })

/** Where no clone is yet, or one that was cut short. */
export const isHalfCloned = (folder: string): boolean => existsSync(join(folder, cloneDraft))

export const cloneAt = (folder: string, remote: string): Promise<void> =>
  cloneInto({ folder, remote, exec: openSystem().exec, env: forGit() })

export const remotesAt = (folder: string): Promise<string[]> =>
  remotesOf({ folder, exec: openSystem().exec, env: forGit() })

/** As git names worktrees; what is not there yet is no link. */
function withoutLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  return dirname(path) === path ? path : join(withoutLinks(dirname(path)), basename(path))
}

const forGit = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !secret.includes(entry[0]),
    ),
  )

const basics = (places: Places, system: Hands) => ({
  root: places.root,
  gitDir: places.gitDir,
  runFolder: placesBelow(places).run,
  exec: system.exec,
  env: forGit(),
  clock: realClock,
  system,
  endGit: (mark: string, butEpoch: string) => endGit(system, realClock, mark.replace(/^DROVER_GIT=/, ''), butEpoch),
})

interface SetUp {
  command: string
  path: string
  env: Readonly<Record<string, string>>
  mark: string
  timeoutMs: number
  logFile: string
}

async function setUp(
  system: System,
  signal: AbortSignal,
  { command, path, env, mark, timeoutMs, logFile }: SetUp,
): Promise<string | null> {
  const ran = await system.run(
    { command, cwd: path, env: { ...env, DROVER_WORKTREE: path }, timeoutMs, logFile, mark },
    signal,
  )
  if (ran.exitCode === 0) return null
  return `worktree.setup ${ran.timedOut ? 'took too long' : `ended with ${ran.exitCode ?? ran.signal}`}: ${ran.tail.trim().slice(-500)}`
}

/** Ends the git children of older starts: one of them could move the branch after we have judged that it did not. */
async function endGit(system: System, clock: Clock, prefix: string, butEpoch: string): Promise<void> {
  for (;;) {
    const ours = new Set(await system.marked(`${prefix}${butEpoch}`))
    const old = (await system.marked(prefix)).filter((pid) => !ours.has(pid))
    if (old.length === 0) return
    for (const pid of old) kill(pid)
    await clock.sleep(5)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
