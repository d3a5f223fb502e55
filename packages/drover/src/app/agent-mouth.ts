import { closeSync, constants, existsSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import type { AgentState, System } from '../ports/system.ts'
import { leaderIn } from './agent-place.ts'
import { tailOf } from './output.ts'

type Mouth = Pick<System, 'say' | 'interrupt' | 'again' | 'earlier' | 'errors'>

/** What is said to an agent, beside its start and its end. */
export function openMouth(to: {
  look: (folder: string) => Promise<AgentState>
  forget: (folder: string) => void
}): Mouth {
  return {
    say: (folder, lines) => sayInto(folder, lines.map((line) => `${line}\n`).join('')),
    async interrupt(folder) {
      const leader = leaderIn(folder)
      if (leader && (await to.look(folder)).state === 'alive') signalGroup(leader.pid, 'SIGINT')
    },
    async again(folder) {
      to.forget(folder)
      return putAside(folder)
    },
    earlier: earlierIn,
    errors: (folder, bytes) => tailOf(join(folder, 'err'), bytes),
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const patienceMs = 10_000
const againMs = 5

/** Writes into the FIFO of an agent's folder; nobody waits for ever for one that does not read. */
async function sayInto(folder: string, text: string): Promise<boolean> {
  const file = openForWriting(join(folder, 'in'))
  if (file === undefined) return false
  try {
    const bytes = Buffer.from(text)
    const late = performance.now() + patienceMs
    for (let done = 0; done < bytes.length;) {
      const wrote = writeSome(file, bytes.subarray(done))
      done += wrote
      if (wrote > 0) continue
      if (performance.now() > late) return false
      await pass(againMs)
    }
    return true
  } finally {
    closeSync(file)
  }
}

/** Without waiting for a reader: where there is none the agent is gone. */
function openForWriting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENXIO' || code === 'ENOENT') return undefined
    throw error
  }
}

function writeSome(file: number, bytes: Buffer): number {
  try {
    return writeSync(file, bytes)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EAGAIN') return 0
    if (code === 'EPIPE') return bytes.length // it is gone; that is seen by whoever waits for its end
    throw error
  }
}

const traces = ['out', 'err', 'exit', 'pid', 'open', 'said']

const earlierIn = (folder: string): number =>
  existsSync(folder) ? readdirSync(folder).filter((name) => /^out\.\d+$/.test(name)).length : 0

/** The transcript of an earlier program of the attempt is `out.1`, `out.2` …; `pid` goes first, so that a crash in between leaves nobody's place taken. */
function putAside(folder: string): number {
  const number = earlierIn(folder) + 1
  for (const name of ['pid', 'exit', ...traces.filter((one) => one !== 'pid' && one !== 'exit')])
    if (existsSync(join(folder, name))) renameSync(join(folder, name), join(folder, `${name}.${number}`))
  return earlierIn(folder)
}
