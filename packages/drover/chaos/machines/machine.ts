import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { strike } from '../../src/app/strike.ts'
import { cutLine, type CutLine } from '../../test/support/cut-line.ts'
import { endIfThere, type Running } from '../../test/support/world.ts'
import { ChaosWorld } from '../world.ts'

/** Only root may give a machine a table of processes of its own, and only on Linux. */
export const canBeApart = (): boolean =>
  process.platform === 'linux' && spawnSync('unshare', [...alone, 'true']).status === 0

const alone = ['--pid', '--fork', '--mount-proc', '--kill-child']
/** The first process there; it buries the others. */
const first = 'echo up; while :; do sleep 1; done'

interface Wanted {
  main: string
  name: string
  /** Shared by all machines. */
  marks: string
  apart: boolean
}

/** One machine: a clone, a line to the database that can be cut, and the processes that run there. */
export class Machine extends ChaosWorld {
  readonly name: string
  readonly apart: boolean
  /** When all that runs here stood still, by the wall clock. */
  readonly frozen: { from: number; to: number }[] = []
  /** What is to happen at the next commits that come by. */
  readonly cuts: ('before' | 'after')[] = []
  line: CutLine | undefined
  worker: Running | undefined
  /** Something is being done to it: its daemon may end as it likes, and nobody starts it. */
  isBusy = false
  /** Its daemon is meant to stand still. */
  isStill = false
  private init: ChildProcess | undefined
  private booted: Promise<void> | undefined

  constructor({ main, name, marks, apart }: Wanted) {
    super(main)
    this.name = name
    this.apart = apart
    Object.assign(this, { marks })
    Object.assign(this.env, {
      DROVER_MACHINE_NAME: name,
      DROVER_ENV_PASS: 'MARKS,WHERE',
      MARKS: marks,
      WHERE: name,
    })
  }

  async connect(url: string): Promise<void> {
    this.line = await cutLine(url, () => this.cuts.shift())
    this.env['DROVER_DATABASE_URL'] = this.line.url
    this.database = url
  }

  boot(): Promise<void> {
    return (this.booted ??= this.apart ? this.turnOn() : Promise.resolve())
  }

  private async turnOn(): Promise<void> {
    const init = spawn('unshare', [...alone, 'sh', '-c', first], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    await once(init.stdout, 'data')
    this.init = init
  }

  override spawn(words: readonly string[], more: { cwd?: string; env?: Record<string, string> } = {}): ChildProcess {
    if (!this.init) return super.spawn(words, more)
    const { cwd = this.root, env = {} } = more
    const inside = ['-t', String(childOf(this.init.pid!)), '-p', '-m', `--wd=${cwd}`, process.execPath]
    const child = spawn('nsenter', [...inside, '--max-semi-space-size=2', this.main, ...words], {
      env: { ...this.env, ...env },
      stdio: 'pipe',
      detached: true,
    })
    this.running.add(child)
    child.once('exit', () => this.running.delete(child))
    return child
  }

  /** The daemon itself: who enters another table of processes stands beside what was started there. */
  get workerPid(): number | undefined {
    const pid = this.worker?.pid
    return pid === undefined || !this.init ? pid : childOf(pid)
  }

  /** The daemon alone; with its gits; or with all that runs on this machine. */
  strike(what: 'daemon' | 'group' | 'machine'): void {
    const pid = this.workerPid
    if (what !== 'machine' && pid !== undefined) return strike(what, undefined, pid)
    if (what !== 'machine') return
    const inside = this.init && childOf(this.init.pid!)
    if (inside !== undefined) endIfThere(inside)
    this.init = this.booted = undefined
    // Some are only now beginning others.
    for (let left = this.pids(); left.length > 0; left = this.pids()) left.forEach(endIfThere)
  }

  /** Sends it to all processes of this machine, also to those that are just beginning. */
  signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const told = new Set<number>()
    for (let isNew = true; isNew;) {
      isNew = false
      for (const pid of this.pids().filter((one) => !told.has(one))) {
        told.add(pid)
        isNew = send(pid, signal) || isNew
      }
    }
  }

  /** To end in order. */
  ask(): void {
    const pid = this.workerPid
    if (pid !== undefined) send(pid, 'SIGTERM')
  }

  /** Who stands beside a daemon in another table of processes stops with it, and would not see it end. */
  wake(): void {
    const pid = this.isStill ? undefined : this.worker?.pid
    if (pid !== undefined && / T /.test(read(`/proc/${pid}/stat`).replace(/^.*\)/s, ' '))) send(pid, 'SIGCONT')
  }

  /** What runs here beside what keeps the machine up. */
  others(): string[] {
    return this.pids().map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`)
  }

  /** Whatever names a path of this machine, or its repository. */
  private pids(): number[] {
    const git = createHash('sha256').update(join(this.root, '.git')).digest('hex').slice(0, 12)
    const signs = [`${this.folder}/`, `DROVER_GIT=${git}:`]
    return readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
      const about = `${read(`/proc/${name}/environ`)}\0${read(`/proc/${name}/cmdline`)}`
      return signs.some((sign) => about.includes(sign)) && !isZombie(name) ? [Number(name)] : []
    })
  }

  override async close(): Promise<void> {
    try {
      this.strike('machine')
      while (this.running.size > 0) await pass(5)
      await super.close()
    } finally {
      this.strike('machine')
      await this.line?.[Symbol.asyncDispose]()
    }
  }
}

export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false // it has ended meanwhile
  }
}

function childOf(pid: number): number | undefined {
  const [child] = read(`/proc/${pid}/task/${pid}/children`).split(' ')
  return child ? Number(child) : undefined
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it ended while it was looked at
  }
}

const isZombie = (pid: string): boolean => / [ZX] /.test(read(`/proc/${pid}/stat`).replace(/^.*\)/s, ' ') || ' X ')
