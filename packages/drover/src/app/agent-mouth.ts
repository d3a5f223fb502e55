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
  const tongues = openTongues()
  return {
    say: (folder, lines) => tongues.say(folder, lines.map((line) => `${line}\n`).join('')),
    async interrupt(folder) {
      const leader = leaderIn(folder)
      if (leader && (await to.look(folder)).state === 'alive') signalGroup(leader.pid, 'SIGINT')
    },
    async again(folder) {
      to.forget(folder)
      tongues.forget(folder)
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
const seldomMs = 250

/** What waits to be written into the FIFO of one agent, in order. */
interface Tongue {
  file: number
  left: { bytes: Buffer; done: (heard: boolean) => void }[]
}

/**
 * Writes into the FIFOs of agents. Nobody waits for ever for one that does not read; but what it has half of it must get
 * whole, before anything else: the rest waits for as long as the agent lives.
 */
function openTongues() {
  const tongues = new Map<string, Tongue>()

  const work = async (folder: string, { file, left }: Tongue): Promise<void> => {
    for (let pause = againMs; left.length > 0;) {
      const wrote = writeSome(file, left[0]!.bytes)
      left[0]!.bytes = left[0]!.bytes.subarray(wrote)
      if (left[0]!.bytes.length === 0) left.shift()!.done(true)
      if (wrote > 0) pause = againMs
      else await pass((pause = Math.min(pause * 2, seldomMs)), undefined, { ref: false })
    }
    // Another may have taken its place.
    if (tongues.get(folder)?.left === left) forget(folder)
  }

  /** What waits for an agent that is gone must not reach the next one in its folder. */
  const forget = (folder: string): void => {
    const tongue = tongues.get(folder)
    if (!tongue) return
    tongues.delete(folder)
    for (const { done } of tongue.left.splice(0)) done(false)
    closeSync(tongue.file)
  }

  const say = (folder: string, text: string): Promise<boolean> => {
    const bytes = Buffer.from(text)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const known = tongues.get(folder)
    const file = known?.file ?? openForWriting(join(folder, 'in'))
    if (file === undefined) return Promise.resolve(false)
    const tongue = known ?? { file, left: [] }
    tongue.left.push({ bytes, done: resolve })
    if (!known) {
      tongues.set(folder, tongue)
      void work(folder, tongue)
    }
    const late = pass(patienceMs, false, { ref: false })
    return Promise.race([promise, late])
  }
  return { say, forget }
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

const traces = ['out', 'err', 'exit', 'pid', 'open', 'said', 'interrupted']

const earlierIn = (folder: string): number =>
  existsSync(folder) ? readdirSync(folder).filter((name) => /^out\.\d+$/.test(name)).length : 0

/** The transcript of an earlier program of the attempt is `out.1`, `out.2` …; `pid` goes first, so that a crash in between leaves nobody's place taken. */
function putAside(folder: string): number {
  const number = earlierIn(folder) + 1
  for (const name of ['pid', 'exit', ...traces.filter((one) => one !== 'pid' && one !== 'exit')])
    if (existsSync(join(folder, name))) renameSync(join(folder, name), join(folder, `${name}.${number}`))
  return earlierIn(folder)
}
