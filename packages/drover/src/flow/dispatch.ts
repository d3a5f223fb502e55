import { whyTheyRest } from '../domain/account.ts'
import type { Hand, Rest } from '../domain/hand.ts'
import { jobId } from '../domain/id.ts'
import { isPassing } from '../domain/ledger-trouble.ts'
import type { Job, Living } from '../ports/durable.ts'
import type { Claim } from '../ports/ledger.ts'
import { runIsSpent } from './budget.ts'
import type { Crew } from './crew.ts'
import { liftCheckouts } from './lift.ts'
import { sweep } from './sweep.ts'

export interface Dispatch {
  workers: number
  epic: string | null
  /** Agents that can work here, with their accounts. */
  hands(): Promise<readonly Hand[]>
  /** Says that the run is over, now that nothing can go on; false when something came up meanwhile. A daemon has none: it stays. */
  end?(claim: Claim): Promise<boolean>
  /** Called when all that is left is due later, or when nothing new may begin. */
  onWait?(until: number | null, why: string): void
}

const lookAgainMs = 3_000
const gatherMs = 20
/** Tasks and jobs get out of step seldom: they are compared no more often than this, and at last before the end. */
const sweepMs = 25

/** Fills free slots with the best ready tasks until the signal, or until nothing can go on. */
export async function dispatch(crew: Crew, slots: Slots, wanted: Dispatch, signal: AbortSignal): Promise<void> {
  const bell = crew.ledger.bell()
  const upkeep = openUpkeep(crew)
  let told: number | 'lacks' | undefined
  while (!signal.aborted) {
    const found = await look(crew, slots, { ...wanted, upkeep }, signal).catch((error: unknown) => laterOn(crew, error))
    if (found === 'over') return
    const { waitMs, due, lacks, why = 'the next task is due then' } = found
    const news = lacks === undefined ? due : 'lacks'
    if (news !== undefined && news !== told) wanted.onWait?.(due ?? null, lacks ?? why)
    told = news
    await slots.untilFreed(async (freed) => {
      await bell(waitMs, freed)
      // Nothing can begin without a slot; what else there is to do may gather for a moment.
      if (slots.free() === undefined) await crew.clock.sleep(gatherMs, freed)
    }, signal)
    // Whoever left a slot has just written how it ended.
    await crew.clock.breathe()
  }
}

interface Found {
  waitMs: number
  /** All that is left is due then, and nothing works. */
  due?: number | undefined
  /** What is due then, where it is not simply a task. */
  why?: string | undefined
  /** Why ready tasks do not begin. */
  lacks?: string | undefined
}

type Looking = Dispatch & { upkeep: ReturnType<typeof openUpkeep> }

async function look(crew: Crew, slots: Slots, wanted: Looking, signal: AbortSignal): Promise<Found | 'over'> {
  const spent = await runIsSpent(crew)
  const lacks = crew.ground.lacks() ?? spent
  const sweepInMs = await wanted.upkeep()
  // Asked before anything is claimed, and with one time for both: whatever becomes ready meanwhile is seen next time.
  const now = crew.clock.now()
  const jobs = await crew.runtime.living()
  leaveTaken(crew, slots, jobs)
  const within = { epic: wanted.epic, hands: await wanted.hands() }
  const begin = async (at: number): Promise<number | undefined> => {
    if (lacks === undefined) await fill(crew, slots, within, { now: at, workers: wanted.workers, signal })
    return crew.reading.nextDue(at, wanted.epic)
  }
  const next = await begin(now)
  // Nothing waits longer than this: the clock was set back, and what seems to be due in hours has waited long enough.
  const wasSetBack = next !== undefined && next - now > crew.settings.retry_delay_max
  const nextTask = wasSetBack ? await begin(next) : next
  const { due, why } = sooner(nextTask, await crew.reading.rest(claimOf(crew, within, { now, slot: 1 })))
  const untilDue = due === undefined ? lookAgainMs : Math.max(1, due - crew.clock.now())
  const waitMs = Math.min(sweepInMs || lookAgainMs, untilDue)
  const isIdle = slots.busy() === 0
  // No money comes by itself, as room on a disk may.
  if (wanted.end && spent !== undefined && jobs.length === 0 && isIdle) return 'over'
  const isHeldUp = lacks !== undefined && (await crew.reading.standing(wanted.epic ?? undefined)).counts.ready > 0
  if (isHeldUp) return { waitMs, lacks, due: isIdle ? due : undefined }
  const waiting = isIdle && due === undefined ? left(jobs) : undefined
  if (waiting !== undefined) return { waitMs, lacks: waiting }
  // Nothing runs, lands or is due: whatever is left waits for a person, or for an agent that cannot work.
  if (sweepInMs > 0) return { waitMs, due: isIdle ? due : undefined, why }
  if (!wanted.end || jobs.length > 0 || !isIdle || due !== undefined)
    return { waitMs, due: isIdle ? due : undefined, why }
  return (await wanted.end(claimOf(crew, within, { now: crew.clock.now(), slot: 1 }))) ? 'over' : { waitMs: 0 }
}

/** In words, where all that is at work waits for a machine that is not there. */
function left(jobs: readonly Living[]): string | undefined {
  const waiting = jobs.filter(({ lacks }) => lacks !== undefined)
  if (jobs.length === 0 || waiting.length < jobs.length) return undefined
  return waiting.map(({ task, lacks }) => `${task} waits for ${lacks}`).join(', ')
}

/** What was claimed for a slot here may have gone to another machine, and may be over by now. */
function leaveTaken({ runtime }: Crew, slots: Slots, jobs: readonly Living[]): void {
  const here = new Set(runtime.running())
  const open = new Set(jobs.filter(({ isElsewhere }) => !isElsewhere).map(({ id }) => id))
  for (const id of slots.jobs())
    if (!here.has(id) && !open.has(id) && !runtime.broken().includes(id)) slots.leave({ id })
}

/** Lifts and sweeps, but not again at once: answers then how long it is until the next time. */
function openUpkeep(crew: Crew): () => Promise<number> {
  let next = -Infinity
  return async () => {
    const now = crew.clock.ticks()
    if (now < next) return Math.ceil(next - now)
    next = now + sweepMs
    await liftCheckouts(crew)
    await sweep(crew)
    await crew.clock.breathe()
    return 0
  }
}

/** A task that is due by itself, or accounts that may be tried again: whatever comes first. */
const sooner = (due: number | undefined, rest: Rest | undefined): { due?: number | undefined; why?: string } =>
  rest?.until == null || (due !== undefined && due <= rest.until)
    ? { due }
    : { due: rest.until, why: whyTheyRest(rest.accounts) }

/**
 * Where no gate runs a landing takes moments, and frees a worktree: it goes before work that would need another one. While
 * it is broken and rests, work goes on.
 */
function roomBeside({ settings, runtime, workspace }: Crew, jobs: readonly Job[], workers: number): number {
  const isLanding = runtime.broken().length === 0 && jobs.some(({ kind }) => kind === 'land')
  if (settings['land.gate'] !== '' || !isLanding) return Infinity
  return workspace.room(
    workers,
    jobs.flatMap(({ kind, task }) => (kind === 'drive' ? [task] : [])),
  )
}

/** A full disk or a busy ledger passes; the rest ends the run. */
function laterOn({ here }: Crew, error: unknown): Found {
  if (!isPassing(error)) throw error
  here.log('warn', `nothing can be begun: ${error.message}`)
  return { waitMs: lookAgainMs }
}

async function fill(
  crew: Crew,
  slots: Slots,
  within: Within,
  { now, workers, signal }: { now: number; workers: number; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const slot = slots.free()
    // Looked at behind the slot: whoever left it has started its landing before.
    if (slot === undefined || roomBeside(crew, await crew.runtime.living(), workers) < 1) return
    const task = await crew.ledger.claim(claimOf(crew, within, { now, slot }), ({ id, attempt }, labels) =>
      crew.runtime.start({ id: jobId(id, attempt), kind: 'drive', task: id, attempt, lane: null, labels }),
    )
    if (!task) return
    slots.take(slot, jobId(task.id, task.attempt))
    crew.runtime.poke()
    await crew.clock.breathe()
  }
}

interface Within {
  epic: string | null
  hands: readonly Hand[]
}

const claimOf = (
  { here, settings }: Crew,
  { epic, hands }: Within,
  { now, slot }: { now: number; slot: number },
): Claim => ({
  machine: here.machine,
  slot,
  epic,
  hands,
  defaultAgent: settings.agent,
  now,
  labels: settings['machine.labels'],
  queueLabels: settings.queue_labels,
})

export interface Slots {
  free(): number | undefined
  take(slot: number, job: string): void
  isTaken(slot: number): boolean
  leave(job: Pick<Job, 'id'>): void
  /** Those that have one. */
  jobs(): readonly string[]
  busy(): number
  /** Waits, but no longer than until a slot is left or the signal comes. */
  untilFreed(wait: (enough: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>
}

/** Room for so many agents; an attempt taken over from before the start counts too. */
export function openSlots(count: number): Slots {
  const taken = new Map<string, number>()
  let enough = new AbortController()
  return {
    free: () => {
      const used = new Set(taken.values())
      return taken.size >= count
        ? undefined
        : Array.from({ length: count }, (_, i) => i + 1).find((slot) => !used.has(slot))
    },
    take: (slot, job) => void taken.set(job, slot),
    isTaken: (slot) => [...taken.values()].includes(slot),
    leave(job) {
      taken.delete(job.id)
      enough.abort()
    },
    jobs: () => [...taken.keys()],
    busy: () => taken.size,
    async untilFreed(wait, signal) {
      const stop = (): void => enough.abort()
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
      await wait(enough.signal)
      signal.removeEventListener('abort', stop)
      enough = new AbortController()
    },
  }
}
