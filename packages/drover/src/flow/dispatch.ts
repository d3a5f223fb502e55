import { jobId } from '../domain/id.ts'
import type { Job } from '../ports/durable.ts'
import type { Crew } from './crew.ts'
import { liftCheckouts } from './lift.ts'
import { sweep } from './sweep.ts'

export interface Dispatch {
  workers: number
  epic: string | null
  /** Agents that can work here. */
  agents: readonly string[]
  /** Ends when nothing can go on; a daemon stays. */
  ends: boolean
  /** Called when all that is left is due later. */
  onWait?(until: number): void
}

const lookAgainMs = 3_000

/** Fills free slots with the best ready tasks until the signal, or until nothing can go on. */
export async function dispatch(crew: Crew, slots: Slots, wanted: Dispatch, signal: AbortSignal): Promise<void> {
  const bell = crew.ledger.bell()
  let told = 0
  while (!signal.aborted) {
    await liftCheckouts(crew)
    await sweep(crew)
    // Asked before anything is claimed, and with one time for both: whatever becomes ready meanwhile is seen next time.
    const now = crew.clock.now()
    const living = (await crew.runtime.living()).length
    await fill(crew, slots, wanted, { now, signal })
    const due = await crew.reading.nextDue(now, wanted.epic)
    // Nothing runs, lands or is due: whatever is left waits for a person, or for an agent that cannot work.
    if (wanted.ends && living === 0 && slots.busy() === 0 && due === undefined) return
    if (due !== undefined && slots.busy() === 0 && due !== told) wanted.onWait?.((told = due))
    const wait = Math.min(lookAgainMs, due === undefined ? lookAgainMs : Math.max(1, due - crew.clock.now()))
    await slots.untilFreed((freed) => bell(wait, freed), signal)
  }
}

async function fill(
  crew: Crew,
  slots: Slots,
  { epic, agents }: Dispatch,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<void> {
  for (let slot = slots.free(); slot !== undefined && !signal.aborted; slot = slots.free()) {
    const claim = {
      machine: crew.here.machine,
      slot,
      epic,
      agents,
      defaultAgent: crew.settings.agent,
      now,
    }
    const task = await crew.ledger.claim(claim, ({ id, attempt }) =>
      crew.runtime.start({ id: jobId(id, attempt), kind: 'drive', task: id, attempt, lane: null }),
    )
    if (!task) return
    slots.take(slot, jobId(task.id, task.attempt))
    crew.runtime.poke()
  }
}

export interface Slots {
  free(): number | undefined
  take(slot: number, job: string): void
  leave(job: Job): void
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
    leave(job) {
      taken.delete(job.id)
      enough.abort()
    },
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
