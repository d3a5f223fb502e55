import { setTimeout as pass } from 'node:timers/promises'
import type { Process, Processes } from './processes.ts'
import type { Leader } from './wrapper.ts'

interface Wanted {
  /** Whose process group is to end. */
  leader: Leader | null
  /** Whose `DROVER_RUN_ID` is exactly this is to end, wherever it hid. */
  mark: string | null
  graceMs: number
  /** The leader's end, where that is heard of. */
  over?: Promise<unknown> | undefined
}

/** How long a killed process may stay in the kernel before we say so instead of waiting on. */
const stuckMs = 30_000

/** Asks, waits, kills, until two looks in a row find nothing. */
export async function endProcesses(processes: Processes, wanted: Wanted): Promise<void> {
  const asked = new Set<string>()
  const beyondReach = new Set<string>()
  const begun = performance.now()
  const news = { over: wanted.over }
  let spared = false
  for (let empty = 0, pause = 5; empty < 2; pause = Math.min(pause * 2, 100)) {
    const left = (await findThem(processes, wanted)).filter((one) => !beyondReach.has(nameOf(one)))
    empty = left.length === 0 ? empty + 1 : 0
    if (left.length === 0) continue
    const untilKill = wanted.graceMs - (performance.now() - begun)
    if (untilKill < -stuckMs) throw new Error(`these processes do not end: ${left.map((one) => one.pid).join(', ')}`)
    const now =
      untilKill > 0 ? left.filter((one) => !asked.has(nameOf(one))) : spareLeader(left, spared ? null : wanted.leader)
    spared ||= untilKill <= 0
    for (const one of now) {
      asked.add(nameOf(one))
      if (!send(one.pid, untilKill > 0)) beyondReach.add(nameOf(one))
    }
    await untilGone(wanted.leader, news, untilKill > 0 ? Math.min(pause, untilKill) : 10)
  }
}

const glanceMs = 4

/** Waits, but no longer than the leader or its group lives: hearing of that or asking for it costs nothing, and most end soon after they are asked. */
async function untilGone(leader: Leader | null, news: Pick<Wanted, 'over'>, ms: number): Promise<void> {
  const late = performance.now() + ms
  for (let left = ms; left > 0; left = late - performance.now()) {
    const isOver = await Promise.race([
      pass(leader === null ? left : Math.min(glanceMs, left), false),
      ...(news.over ? [news.over.then(() => true)] : []),
    ])
    if (isOver) return void delete news.over // told once: what else there is has its own time
    if (leader !== null && !mayExist(leader.pid)) return
  }
}

const nameOf = (one: Process): string => `${one.pid} ${one.start}`

/** The wrapper goes last: when its agent is killed it still writes down how that ended. */
function spareLeader(left: Process[], leader: Leader | null): Process[] {
  const others = left.filter((one) => one.pid !== leader?.pid)
  return others.length > 0 ? others : left
}

/** Whether it was possible. A stopped process must go on to hear that it is asked to end. */
function send(pid: number, politely: boolean): boolean {
  try {
    process.kill(pid, politely ? 'SIGTERM' : 'SIGKILL')
    if (politely) process.kill(pid, 'SIGCONT')
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM'
  }
}

async function findThem(processes: Processes, { leader, mark }: Wanted): Promise<Process[]> {
  const group = leader && (await groupOf(processes, leader))
  if (group === null && mark === null) return []
  const { marked, inGroup } = await processes.sweep()
  const found = mark === null ? [] : marked.filter((one) => one.run === mark)
  const members = group === null ? [] : inGroup(group).filter((one) => !found.some((other) => other.pid === one.pid))
  if (found.length + members.length === 0) return []
  const own = await lineage(processes)
  return [...found, ...members].filter((one) => !own.has(one.pid))
}

/** The leader's group, while anything is in it; never one whose number belongs to somebody else by now. */
async function groupOf(processes: Processes, leader: Leader): Promise<number | null> {
  if (leader.boot !== processes.boot || !mayExist(leader.pid)) return null
  const now = await processes.one(leader.pid)
  // A group's number is not given out again while the group has a member, so a missing leader leaves it ours.
  return now === undefined || now.start === leader.start ? leader.pid : null
}

/** Cheap, and wrong about zombies only: those are told from their state. */
function mayExist(group: number): boolean {
  try {
    return process.kill(-group, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** This process and all it descends from: drover may run inside an agent of another drover. */
async function lineage(processes: Processes): Promise<Set<number>> {
  const own = new Set([0, 1])
  for (let pid = process.pid; !own.has(pid);) {
    own.add(pid)
    pid = (await processes.one(pid))?.parent ?? 0
  }
  return own
}
