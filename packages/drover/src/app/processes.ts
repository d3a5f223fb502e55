import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { inTurn } from './turns.ts'

/** A process as the system's table shows it. */
export interface Process {
  pid: number
  parent: number
  group: number
  /** Tells it from another process that got the same number later. */
  start: string
  /** False for a zombie: it is in the table, but does nothing any more. */
  alive: boolean
  /** Its `DROVER_RUN_ID` and `DROVER_GIT`, as they were when its program started. */
  run: string | null
  git: string | null
}

/** One look at the whole table. */
export interface Snapshot {
  /** Living processes that carry one of drover's marks. */
  marked: readonly Process[]
  inGroup(group: number): readonly Process[]
}

export interface Processes {
  /** Tells this start of the machine from the next: start times repeat. `-` where that is not needed. */
  boot: string
  one(pid: number): Promise<Process | undefined>
  /** Who asks soon after a look shares the next one with all who do. */
  sweep(): Promise<Snapshot>
}

/** Prints what a program of the system says. */
export type Print = (file: string, args: readonly string[]) => Promise<string>

const sharedMs = 2

export function openProcesses(platform: string, print: Print): Processes {
  const table = platform === 'linux' ? linuxTable() : psTable(print)
  let next: Promise<Snapshot> | undefined
  let lookedAt = -Infinity
  const sweep = async () => {
    const wait = lookedAt + sharedMs - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    await new Promise<void>(inTurn)
    next = undefined
    lookedAt = performance.now()
    return table.sweep()
  }
  return { ...table, sweep: () => (next ??= sweep()) }
}

/** For how long a process that carried no mark is not asked again: far less than it takes for pids to come round. */
const unmarkedMs = 2_000
/** Just forked, or between two programs, a process shows nothing yet, or what it had before: it is asked again until then. */
const settledMs = 50
/** A machine with very many processes takes milliseconds to look through. */
const pieceMs = 0.5

/** A look over 200 processes: 1.4 ms at first, 0.3 ms again at once; also reading every `stat` would be 3.6 ms. */
function linuxTable(): Processes {
  // When each pid was first seen without a mark.
  let unmarked = new Map<number, number>()
  let forgetAt = 0
  const isKnown = (pid: number): boolean => performance.now() - (unmarked.get(pid) ?? Infinity) > settledMs

  const sweep = async (): Promise<Snapshot> => {
    if (performance.now() > forgetAt) {
      unmarked = new Map()
      forgetAt = performance.now() + unmarkedMs
    }
    const marked: Process[] = []
    /** False when it is between two programs, and must be asked again. */
    const look = (pid: number): boolean => {
      const marks = marksOf(pid)
      const found = typeof marks === 'object' || marks === 'empty' ? readProcess(pid) : undefined
      if (found?.alive && marks === 'empty' && found.parent !== kernelThreads) return false
      if (found?.alive && typeof marks === 'object') marked.push({ ...found, ...marks })
      else if (!unmarked.has(pid)) unmarked.set(pid, performance.now())
      return true
    }
    let between = await lookAtAll((pid) => isKnown(pid) || look(pid))
    for (const deadline = performance.now() + settledMs; between.length > 0 && performance.now() < deadline;) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      between = between.filter((pid) => !look(pid))
    }
    for (const pid of between) unmarked.set(pid, 0)
    return { marked, inGroup }
  }

  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    one: async (pid) => readProcess(pid),
    sweep,
  }
}

/**
 * Those of all pids that must be asked again. Others run in between, and meanwhile a process may have begun another and ended:
 * so the list is read again, until nobody had the time to.
 */
async function lookAtAll(look: (pid: number) => boolean): Promise<number[]> {
  const looked = new Set<number>()
  const between: number[] = []
  for (let mayHaveMissed = true; mayHaveMissed;) {
    mayHaveMissed = false
    let begun = performance.now()
    for (const pid of pidsNow().filter((one) => !looked.has(one))) {
      if (performance.now() - begun > pieceMs) {
        await new Promise<void>(inTurn)
        begun = performance.now()
        mayHaveMissed = true
      }
      looked.add(pid)
      if (!look(pid)) between.push(pid)
    }
  }
  return between
}

/** The parent of all threads of the kernel, whose environment is always empty. */
const kernelThreads = 2

const pidsNow = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)

function inGroup(group: number): Process[] {
  return pidsNow().flatMap((pid) => {
    const found = readProcess(pid)
    if (found?.group !== group || !found.alive) return []
    const marks = marksOf(pid)
    return [typeof marks === 'string' ? found : { ...found, ...marks }]
  })
}

function readProcess(pid: number): Process | undefined {
  const stat = readSmall(`/proc/${pid}/stat`)?.toString('latin1')
  if (!stat) return undefined
  // The program's name, in brackets, may hold anything, also brackets and blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    start: fields[19]!,
    alive: !'ZXx'.includes(fields[0]!),
    run: null,
    git: null,
  }
}

type Marks = Pick<Process, 'run' | 'git'>

/** `empty`: a program is being put in the place of another at this moment, or it is one that has no environment. */
function marksOf(pid: number): Marks | 'gone' | 'none' | 'empty' {
  const environment = readSmall(`/proc/${pid}/environ`)
  if (!environment) return 'gone'
  if (environment.length === 0) return 'empty'
  if (!environment.includes('DROVER_')) return 'none'
  const run = valueIn(environment, 'DROVER_RUN_ID=')
  const git = valueIn(environment, 'DROVER_GIT=')
  return run === null && git === null ? 'none' : { run, git }
}

function valueIn(environment: Buffer, name: string): string | null {
  for (let at = environment.indexOf(name); at >= 0; at = environment.indexOf(name, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue
    const end = environment.indexOf(0, at)
    return environment.toString('utf8', at + name.length, end < 0 ? environment.length : end)
  }
  return null
}

let scratch: Buffer = Buffer.allocUnsafe(64 * 1024)

/** Undefined when the process is gone, or somebody else's. What it returns is good until the next call. */
function readSmall(path: string): Buffer | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    let size = readSync(file, scratch, 0, scratch.length, null)
    while (size === scratch.length) {
      scratch = Buffer.concat([scratch, Buffer.allocUnsafe(size)])
      size += readSync(file, scratch, size, scratch.length - size, null)
    }
    return scratch.subarray(0, size)
  } catch {
    return undefined // it ended while it was looked at, or may not be looked at
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const columns = ['-o', 'pid=,ppid=,pgid=,stat=,lstart=,command=']

/** Where there is no /proc (macOS), as good as `ps` can tell: it prints the environment behind the command. */
function psTable(print: Print): Processes {
  const list = async (...args: string[]) => (await print('ps', [...args, ...columns])).split('\n').flatMap(readPsLine)
  return {
    boot: '-',
    one: async (pid) => (await list('-p', String(pid)))[0],
    async sweep() {
      const all = (await list('-axwwE')).filter((one) => one.alive)
      return {
        marked: all.filter((one) => one.run !== null || one.git !== null),
        inGroup: (group) => all.filter((one) => one.group === group),
      }
    },
  }
}

/** `  12   1  12 Ss   Sat Nov 21 10:00:00 2026 /bin/sh -c … DROVER_RUN_ID=p:task-1/1 …` */
export function readPsLine(line: string): Process[] {
  const [pid, parent, group, stat, ...rest] = line.trim().split(/\s+/)
  if (stat === undefined || rest.length < 5) return []
  const value = (name: string) =>
    rest
      .slice(5)
      .find((word) => word.startsWith(name))
      ?.slice(name.length) ?? null
  return [
    {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      start: rest.slice(0, 5).join('_'),
      alive: !stat.startsWith('Z'),
      run: value('DROVER_RUN_ID='),
      git: value('DROVER_GIT='),
    },
  ]
}
