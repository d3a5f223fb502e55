import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import {
  cleanEnvironment,
  configInEnvironment,
  hardened,
  hardenedInOurs,
  hardenedTowardsRemote,
  towardsRemote,
} from './hardening.ts'
import { watchDrivers, type Drivers } from './drivers.ts'

export interface Call {
  file: string
  args: readonly string[]
  cwd: string
  env: Record<string, string>
  /** Variables that many calls have in common, the very same object each time. `env` goes before them. */
  shared: Readonly<Record<string, string>>
  input?: string
  timeoutMs?: number
}

export interface Ended {
  exitCode: number | null
  signal: string | null
  stdout: string
  stderr: string
}

/** Runs a program to its end. The one who gives it owns the processes. */
export type Exec = (call: Call, signal?: AbortSignal) => Promise<Ended>

/** Where git is to work: said in full each time, because an agent may have swapped every file that git would look for. */
export interface Place {
  cwd: string
  gitDir: string
  worktree: string
  index?: string
  env?: Readonly<Record<string, string>>
  /** A checkout of the user's: what shapes their files stays as they configured it. */
  theirs?: boolean
}

export interface Asked {
  input?: string
  /** Exit codes that are answers, beside 0. */
  also?: readonly number[]
  /** It speaks to a remote: the person's ways there are open to it, and after so long, or at the signal, it is ended. */
  remote?: { timeoutMs: number; signal: AbortSignal }
}

export interface Output {
  code: number
  out: string
  err: string
}

export interface Git {
  readonly common: string
  /** `DROVER_GIT=<12 hex>:`, what the mark of every git child of this repository begins with. */
  readonly mark: string
  readonly drivers: Drivers
  /** The repository alone: an empty folder, no index. */
  readonly bare: Place
  run(place: Place, args: readonly string[], asked?: Asked): Promise<Output>
  /** Steps that belong together, as one process: a constant script, given ids, shas, ref names and our own paths. */
  script(place: Place, script: string, args: readonly string[], asked?: Asked): Promise<Output>
  /** Marks every later child with this epoch. */
  enter(epoch: string): void
}

export interface GitOptions {
  gitDir: string
  /** A folder of ours for scratch files. */
  runFolder: string
  exec: Exec
  env: Readonly<Record<string, string>>
  trusted(): Promise<Readonly<Record<string, string>>>
  /** The remote that work travels by, if any; without a name the upstream's of the target. */
  remote?: { name: string; target: string } | null
}

const timeoutMs = 10 * 60_000
type Variables = Readonly<Record<string, string>>
const none: Variables = {}
/** Who is worked for: the user's checkout, a worktree of ours, or whoever speaks to a remote. */
type Way = 'theirs' | 'ours' | 'remote'

export function openGit({ gitDir, runFolder, exec, env, trusted, remote = null }: GitOptions): Git {
  const clean = cleanEnvironment(env)
  const empty = join(runFolder, 'empty')
  const hash = createHash('sha256').update(gitDir).digest('hex').slice(0, 12)
  // Who only looks has none: no start has to end its gits.
  let epoch = ''
  let made: Promise<unknown> | undefined
  const ready = () => (made ??= mkdir(empty, { recursive: true }))
  const bare: Place = { cwd: empty, gitDir, worktree: empty, index: join(runFolder, 'empty.index') }

  async function start(
    place: Place,
    file: string,
    args: readonly string[],
    asked: Asked & { pins?: Readonly<Record<string, string>> },
  ): Promise<Output> {
    await ready()
    const way = asked.remote ? 'remote' : place.theirs ? 'theirs' : 'ours'
    const shared = sharedBy(asked.pins ?? none, way)
    const call: Call = { file, args, cwd: place.cwd, env: environment(place), shared, timeoutMs, ...limitOf(asked) }
    const ended = await exec(asked.input === undefined ? call : { ...call, input: asked.input }, asked.remote?.signal)
    const code = ended.exitCode ?? -1
    if (code === 0 || asked.also?.includes(code)) return { code, out: ended.stdout, err: ended.stderr }
    throw failure(args, ended)
  }

  /** Made once for the pins that are in force. */
  let [pinned, shares] = [none, {} as { [W in Way]?: Variables }]
  const ways = {
    theirs: { set: hardened, more: none },
    ours: { set: { ...hardened, ...hardenedInOurs }, more: none },
    remote: { set: hardenedTowardsRemote, more: towardsRemote(env) },
  }
  const sharedBy = (pins: Variables, way: Way): Variables => {
    if (pins !== pinned) [pinned, shares] = [pins, {}]
    const { set, more } = ways[way]
    return (shares[way] ??= { ...clean, ...more, ...configInEnvironment({ ...set, ...pins }) })
  }
  const environment = (place: Place): Record<string, string> => ({
    GIT_DIR: place.gitDir,
    GIT_COMMON_DIR: gitDir,
    GIT_WORK_TREE: place.worktree,
    ...(place.index ? { GIT_INDEX_FILE: place.index } : {}),
    DROVER_GIT: epoch === '' ? hash : `${hash}:${epoch}`,
    ...place.env,
  })

  // Listing the configuration runs no driver, so it needs no pins from what it is about to find.
  const list = async (args: readonly string[]) =>
    (await start(bare, 'git', ['config', '-z', '--list', '--show-origin', '--includes', ...args], { also: [1] })).out
  const drivers = watchDrivers({ gitDir, env: clean, trusted, list, remote })
  const withPins = async (asked: Asked = {}) => ({ ...asked, pins: await drivers.pins() })
  return {
    common: gitDir,
    mark: `DROVER_GIT=${hash}:`,
    drivers,
    bare,
    run: async (place, args, asked) => start(place, 'git', args, await withPins(asked)),
    script: async (place, script, args, asked) =>
      start(place, 'sh', ['-ec', script, 'drover', ...args], await withPins(asked)),
    enter: (next) => void (epoch = next),
  }
}

const limitOf = ({ remote }: Asked): { timeoutMs?: number } => (remote ? { timeoutMs: remote.timeoutMs } : {})

function failure(args: readonly string[], ended: Ended): DroverError {
  if (/No space left on device|Disk quota exceeded/.test(ended.stderr))
    return new DroverError('disk-full', { file: 'the repository' })
  const command = args[0] === '-ec' ? (/git ([a-z-]+)/.exec(args[1] ?? '')?.[1] ?? 'script') : (args[0] ?? '')
  const problem =
    ended.stderr.trim().slice(-2000) || (ended.signal ? `ended by ${ended.signal}` : `exit code ${ended.exitCode}`)
  return new DroverError('git', { command, problem })
}
