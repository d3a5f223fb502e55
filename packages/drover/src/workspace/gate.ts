import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { DroverError } from '../domain/error.ts'
import type { Gate } from '../ports/workspace.ts'
import type { Finished, System } from '../ports/system.ts'
import { addWorktree, removeWorktree } from './make.ts'
import { prepare } from './prepare.ts'
import { isThere, placeOf } from './repair.ts'
import type { Worktrees } from './worktrees.ts'
import { gateName, type Entry } from './worktree-file.ts'

export interface Gating extends Worktrees {
  system: Pick<System, 'run' | 'end'>
  /** What the gate's processes carry, so that all of them can be ended. */
  gateMark: string
  /** What the gate's command may see. */
  gateEnv: Readonly<Record<string, string>>
}

export interface GateWanted {
  commit: string
  command: string
  timeoutMs: number
  logFile: string
  fresh: boolean
}

const graceMs = 2000

/** Runs the gate on exactly this commit's tree, in a worktree of its own. */
export async function gate(to: Gating, wanted: GateWanted, signal: AbortSignal): Promise<Gate> {
  if (wanted.command.trim() === '')
    return { passed: true, evidence: 'none', log: '', tail: '', exitCode: null, durationMs: 0 }
  const entry = await gateWorktree(to, wanted.commit)
  const problem =
    (await prepare(to, entry, wanted.commit, wanted.fresh)) ?? (await whyNotExact(to, entry, wanted.commit))
  if (problem) return notRun(`the gate's worktree could not be made ready: ${problem}`)
  const { command, timeoutMs, logFile } = wanted
  const finished = await to.system.run(
    { command, cwd: entry.path, env: to.gateEnv, timeoutMs, logFile, mark: to.gateMark },
    signal,
  )
  // What it left in the background would go on writing here while the next gate runs.
  await to.system.end({ folder: null, mark: to.gateMark, graceMs })
  return concluded(finished, wanted, await hashFile(logFile))
}

const notRun = (tail: string): Gate => ({
  passed: false,
  evidence: 'none',
  log: '',
  tail,
  exitCode: null,
  durationMs: 0,
})

function concluded(
  { exitCode, signal, timedOut, tail, durationMs }: Finished,
  { logFile, timeoutMs }: GateWanted,
  evidence: string,
): Gate {
  const words = timedOut
    ? `the gate took longer than ${Math.round(timeoutMs / 1000)} s and was ended`
    : signal
      ? `the gate was ended by ${signal}`
      : ''
  return {
    passed: exitCode === 0 && !timedOut,
    evidence,
    log: logFile,
    tail: [tail.trimEnd(), words].filter(Boolean).join('\n'),
    exitCode,
    durationMs,
  }
}

async function gateWorktree(to: Gating, commit: string): Promise<Entry> {
  const known = to.entries.named(gateName)
  if (known && isThere(known)) return { ...known, base: commit }
  if (known) await removeWorktree(to, known)
  return addWorktree(to, { name: gateName, state: 'gate', base: commit })
}

/** The index is the tree of the commit, and `checkout -f` made the files what the index says. */
async function whyNotExact({ git }: Gating, entry: Entry, commit: string): Promise<string | null> {
  const { out } = await git.script(placeOf(entry), 'git write-tree; git rev-parse "$1^{tree}"', [commit])
  const [is, should] = out.split('\n')
  return is === should ? null : `it holds the tree ${is}, not ${should}`
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
  } catch (error) {
    throw new DroverError('bad-file', { file: path, problem: 'the log of the gate cannot be read' }, error)
  }
  return hash.digest('hex').slice(0, 12)
}
