import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { CommandRun, Finished, System } from '../ports/system.ts'
import { openCommandLog } from './command-log.ts'
import { endProcesses } from './ending.ts'
import type { Exec, ExecCall, Executed } from './exec.ts'
import { openForking, ShellGone } from './forking.ts'
import { openMouth } from './agent-mouth.ts'
import { hasEnded, leaderIn, lookAt, makePlace, startWrapper } from './agent-place.ts'
import { capOutput, type Punch } from './output-cap.ts'
import { readLines, sizeOf, tailOf } from './output.ts'
import { makePrivateFolder, readFileIfThere, writePrivateFile } from './private-file.ts'
import { openProcesses, type Processes } from './processes.ts'
import type { LaunchCall } from './shell-line.ts'
import { openStirring } from './stirring.ts'
import type { Leader } from './wrapper.ts'

/** The one place that starts processes, each in a session of its own: a terminal's Ctrl-C is for drover alone. */
export function openSystem(
  forkIn?: string,
  programs = '/usr/bin:/bin',
): System & { exec: Exec; close(): Promise<void> } {
  const forking =
    forkIn === undefined ? undefined : openForking(forkIn, (own) => startShell({ PATH: programs, ...own }))
  const processes = openProcesses(process.platform, print)
  const ends = new Map<string, Promise<unknown>>()
  const look = (folder: string) => lookAt(processes, folder)
  const isOver = async (folder: string) => (await look(folder)).state === 'over'
  const stirring = openStirring({ endOf: (folder) => ends.get(folder), isOver })

  return {
    // What somebody may want to stop is started here, the rest beside.
    exec: (call, signal) => (forking && !signal ? forking.exec(call).catch(onceMore(call)) : exec(call, signal)),
    close: async () => forking?.close(),
    look,
    async stirred(folder, withinMs, signal) {
      await stirring.stirred(folder, withinMs, signal)
      await capOutput(folder, punch)
    },
    run: (command, signal) => run(processes, command, signal),
    writeFile: writePrivateFile,
    readFile: readFileIfThere,

    async launch(launch) {
      const { folder } = launch
      makePrivateFolder(folder)
      if (hasEnded(folder) || !(await makePlace(processes, folder))) return
      if (!forking) throw new Error('whoever starts agents needs a shell to start them in')
      for (const [name, text] of Object.entries(launch.files ?? {})) await writePrivateFile(join(folder, name), text)
      const { over } = await startWrapper(forking, launch, startAlone)
      ends.set(
        folder,
        over.finally(() => ends.delete(folder)),
      )
    },

    ...openMouth({ look, forget: stirring.forget }),

    async outputSize(folder) {
      return sizeOf(join(folder, 'out')) + sizeOf(join(folder, 'err'))
    },

    async readLines(folder, offset, limit) {
      const read = await readLines(join(folder, 'out'), { offset, limit }, () => isOver(folder))
      stirring.read(folder, read.seen)
      return { lines: read.lines, offset: read.offset }
    },

    async tail(folder, bytes) {
      const errors = await tailOf(join(folder, 'err'), Math.floor(bytes / 2))
      return (await tailOf(join(folder, 'out'), bytes - Buffer.byteLength(errors))) + errors
    },

    async end({ folder, mark, graceMs }) {
      const leader = folder === null ? null : (leaderIn(folder) ?? null)
      const over = folder === null ? undefined : ends.get(folder)
      await endProcesses(processes, { leader, mark, graceMs, over })
      if (folder === null) return
      stirring.forget(folder)
      await capOutput(folder, punch)
    },

    async marked(prefix) {
      const { marked } = await processes.sweep()
      return marked.filter((one) => one.run?.startsWith(prefix) || one.git?.startsWith(prefix)).map((one) => one.pid)
    },
  }
}

/** Everything that is started so may be done twice: a crash could have come in the same moment. */
const onceMore = (call: ExecCall) => (error: unknown) => {
  if (error instanceof ShellGone) return exec(call)
  throw error
}

const startShell = (env: Record<string, string>): ChildProcess =>
  spawn('/bin/sh', [], { cwd: '/', env, detached: true, stdio: ['pipe', 'pipe', 'ignore'] })

/** Starts drover itself in the background: it outlives this process and its terminal. */
export function startDetached(wanted: {
  file: string
  args: readonly string[]
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  logFile: string
}) {
  const log = openSync(wanted.logFile, 'a', 0o600)
  const child = spawn(wanted.file, wanted.args, {
    cwd: wanted.cwd,
    env: wanted.env,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.unref()
  return { pid: child.pid ?? 0, ended: once(child, 'exit').then(([code]) => code as number | null) }
}

interface Beside {
  stdout: Readable
  stderr: Readable
  ended: Promise<{ exitCode: number | null; signal: string | null; problem?: string }>
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

/** Starts what this program stands in front of: in its own group, so that they are ended together. */
export function startBeside({ file, args, env }: Pick<ExecCall, 'file' | 'args' | 'env'>): Beside {
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const over = new Promise<Awaited<Beside['ended']>>((resolve) => {
    child.once('error', ({ message }) => resolve({ exitCode: 127, signal: null, problem: message }))
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }))
  })
  return { stdout: child.stdout, stderr: child.stderr, ended: over, kill: (signal) => void child.kill(signal) }
}

/** Where no shell can give an agent its signals back, this process starts it, and stands still for it. */
async function startAlone({ script, args, cwd, env }: LaunchCall): Promise<{ over: Promise<unknown> }> {
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...args], {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'pipe'],
  })
  child.unref()
  await started(child, cwd)
  const over = once(child, 'exit')
  const up = (child.stdio as unknown as readonly Readable[])[9]!.resume()
  await Promise.race([once(up, 'end'), over])
  return { over }
}

async function started(child: ChildProcess, cwd: string): Promise<void> {
  if (child.pid !== undefined) return
  const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException]
  if (!existsSync(cwd)) throw new Error(`nothing can start in ${cwd}: there is no such folder`, { cause: error })
  throw error
}

const execBytes = 64 * 1024 * 1024
/** Git that is asked to end removes its locks first. */
const execGraceMs = 2_000
/** How long something that was left behind may keep a pipe open. */
const drainMs = 100
const longestTimer = 2 ** 31 - 1

async function exec(
  { file, args, cwd, env, shared, input, timeoutMs }: ExecCall,
  signal?: AbortSignal,
): Promise<Executed> {
  signal?.throwIfAborted()
  const child = spawn(file, args, {
    cwd,
    env: { ...shared, ...env },
    detached: true,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  await started(child, cwd)
  const outputs = [child.stdout!, child.stderr!].map((stream) => {
    const chunks: Buffer[] = []
    let bytes = 0
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= execBytes) chunks.push(chunk)
      else endGroup(child)
    })
    return { text: () => Buffer.concat(chunks).toString('utf8'), isTooLong: () => bytes > execBytes }
  })
  give(child, input)
  const [exitCode, endedBy] = await ended(child, { timeoutMs, signal, stop: async () => endGroup(child) })
  if (outputs.some((output) => output.isTooLong())) throw new Error(`${file} ${args[0] ?? ''} printed more than 64 MiB`)
  return { exitCode, signal: endedBy, stdout: outputs[0]!.text(), stderr: outputs[1]!.text() }
}

/** Runs a command of the user's; nothing of its process group is left when this resolves. */
async function run(
  processes: Processes,
  { command, cwd, env, timeoutMs, logFile, input, mark }: CommandRun,
  signal: AbortSignal,
): Promise<Finished> {
  const begun = performance.now()
  const log = openCommandLog(logFile)
  let timedOut = false
  try {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd,
      env: { ...env, DROVER_RUN_ID: mark },
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    await started(child, cwd)
    const leader = leaderOf(processes, child.pid!)
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', log.add)
    give(child, input)
    const stop = async (isLate: boolean) => {
      timedOut = isLate
      await endProcesses(processes, { leader: await leader, mark, graceMs: 5_000 })
    }
    const [exitCode, endedBy] = await ended(child, { timeoutMs, signal, stop })
    await endProcesses(processes, { leader: await leader, mark: null, graceMs: 500 })
    return { exitCode, signal: endedBy, timedOut, tail: log.tail(), durationMs: Math.round(performance.now() - begun) }
  } finally {
    log.close()
  }
}

async function leaderOf(processes: Processes, pid: number): Promise<Leader> {
  return { pid, start: (await processes.one(pid))?.start ?? '', boot: processes.boot }
}

type HowEnded = [exitCode: number | null, signal: NodeJS.Signals | null]

interface Until {
  timeoutMs: number | undefined
  signal: AbortSignal | undefined
  stop: (isLate: boolean) => Promise<void>
}

/** Waits for a child's end and its output; when the time is over or nobody wants it any more, it is stopped. */
async function ended(child: ChildProcess, { timeoutMs, signal, stop }: Until): Promise<HowEnded> {
  const closed = once(child, 'close')
  const { promise, resolve, reject } = Promise.withResolvers<HowEnded>()
  child.once('exit', (exitCode, by) => resolve([exitCode, by]))
  let stopping: Promise<void> | undefined
  const begin = (isLate: boolean) => (stopping ??= stop(isLate)).catch(reject)
  const abort = () => begin(false)
  const timer = timeoutMs === undefined ? undefined : setTimeout(begin, Math.min(timeoutMs, longestTimer), true)
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) void abort()
  try {
    const how = await promise
    await stopping
    return how
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
    const drained = setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream?.destroy()), drainMs)
    await closed
    clearTimeout(drained)
  }
}

function give(child: ChildProcess, input: string | undefined): void {
  child.stdin?.on('error', () => undefined) // it ended without reading it all
  child.stdin?.end(input)
}

const isGone = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
  setTimeout(signalGroup, execGraceMs, child, 'SIGKILL').unref()
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (!isGone(child)) process.kill(-child.pid!, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const punch: Punch = async (file, from, length) => {
  const args = ['-p', '-o', String(from), '-l', String(length), file]
  const call = { file: 'fallocate', args, cwd: '/', env: { PATH: '/usr/bin:/bin' } }
  return exec(call).then(
    ({ exitCode }) => exitCode === 0,
    () => false, // there is no such program: then a long output takes what it takes
  )
}

/** For what only a program of the system can tell. */
async function print(file: string, args: readonly string[]): Promise<string> {
  const { stdout } = await exec({ file, args, cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } })
  return stdout
}
