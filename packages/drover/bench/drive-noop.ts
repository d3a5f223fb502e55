import { existsSync, openSync, readSync } from 'node:fs'
import { spentMs } from './spent.ts'
import { runProject } from '../src/app/daemon.ts'
import { openProject } from '../src/app/open-project.ts'
import type { Ledger, Part } from '../src/ports/ledger.ts'

// Drives the project in the folder given, counting what it asks of its ledger. Prints one line of JSON.
const [folder = '.', workers = '4', watched] = process.argv.slice(2)
const project = await openProject({ folder })
let commits = 0
const counted: Ledger = {
  ...project.ledger,
  append: async (...words) => {
    const said = await project.ledger.append(...words)
    if (said.outcome === 'appended') commits++
    return said
  },
  claim: async (...words) => {
    const task = await project.ledger.claim(...words)
    if (task) commits++
    return task
  },
  transact: (part) => {
    commits++
    return project.ledger.transact(part)
  },
}

/**
 * The loop stands when it comes late to a timer of 1 ms, by more than timers are inexact. Time in which the kernel let others
 * run instead is left out: it is the machine's, not drover's.
 */
const schedule = existsSync('/proc/self/schedstat') ? openSync('/proc/self/schedstat', 'r') : undefined
const line = Buffer.alloc(64)
function waitedMs(): number {
  if (schedule === undefined) return 0
  return Number(line.toString('latin1', 0, readSync(schedule, line, 0, 64, 0)).split(' ')[1]) / 1e6
}
let blockedMs = 0
let [last, lastWaited] = [performance.now(), waitedMs()]
// A thousand looks a second cost what they cost, so not while it is timed.
if (watched === 'watched')
  setInterval(() => {
    const [now, waited] = [performance.now(), waitedMs()]
    const stood = now - last - 1 - (waited - lastWaited)
    if (stood > 1) blockedMs += stood
    ;[last, lastWaited] = [now, waited]
  }, 1)

const queries = 'url' in project.ledgerAt ? await countQueries() : () => 0

const cpuBefore = process.threadCpuUsage()
const never = new AbortController().signal
const begun = performance.now()
const busy = performance.eventLoopUtilization()
const end = await runProject(
  { ...project, ledger: counted },
  { kind: 'run', workers: Number(workers), epic: null },
  never,
  never,
)
const asked = queries()
const loop = performance.eventLoopUtilization(busy)
const { user, system } = process.threadCpuUsage(cpuBefore)
console.log(
  JSON.stringify({
    ms: Math.round(performance.now() - begun),
    drivenMs: await drivenMs(),
    queries: asked,
    commits,
    cpuMs: spentMs(process.pid),
    completed: end.completed,
    activeMs: Math.round(loop.active),
    loopCpuMs: (user + system) / 1000,
    blockedMs: Math.round(blockedMs),
  }),
)
process.exit(0)

/** From the first claim to the last landing: how long a process takes to start is another question. */
async function drivenMs(): Promise<number> {
  const [row] = await project.ledger.ask(function* (): Part<readonly Record<string, unknown>[]> {
    return yield {
      texts: ["select max(at) - min(at) as ms from event where type in ('task.claimed', 'task.completed')"],
      values: [],
    }
  })
  return Number(row?.['ms'])
}

/** Of the ledger and of DBOS, which use the same driver. */
async function countQueries(): Promise<() => number> {
  const { Client } = await import('pg')
  const ask = Client.prototype.query
  let count = 0
  Client.prototype.query = function (this: unknown, ...words: unknown[]) {
    count++
    return Reflect.apply(ask, this, words) as never
  }
  return () => count
}
