import type { AgentState } from '../ports/system.ts'
import type { Durable } from '../ports/durable.ts'
import { act } from './act.ts'
import { afterEnd, afterTurn, limited } from './after-turn.ts'
import type { Crew } from './crew.ts'
import { deadlineOf, tooLate, tooQuiet } from './deadline.ts'
import { fallbackFile, interrupt, interruptionIn, relaunch } from './go-on.ts'
import { handBack, spentBefore } from './hand-back.ts'
import type { Chosen } from './chosen.ts'
import { forgetInPlace, settleInPlace } from './in-place.ts'
import { launchProgram, sessionOf, spokenSpec } from './launch.ts'
import { goOnWords } from './session/opening.ts'
import { openSharing } from './travel/share.ts'
import { steer } from './steer.ts'
import { hear, nothingHeard, type Talking } from './talking.ts'
import { cutShort } from './who-stopped.ts'
import { markOf, type Ran, type Work } from './work.ts'

/** How long an agent that said it is at its limit may take to end its turn by itself. */
const limitGraceMs = 5_000

interface Meeting {
  work: Work
  chosen: Chosen
  folder: string
  found: AgentState
}

/** Works with an agent that is spoken to: turn by turn, until it is done or something ends it. */
export async function converse(crew: Crew, durable: Durable, at: Meeting, signal: AbortSignal): Promise<Ran> {
  const spent = at.found.state === 'absent' ? await spentBefore(crew, at.work) : undefined
  if (spent) return spent
  const talking = await begin(crew, durable, at)
  const deadline = await deadlineOf(crew, at.work, { timeoutMs: at.chosen.timeoutMs, found: at.found })
  try {
    for (;;) {
      const called = crew.steering.listen(at.work.task)
      const ran = await step(talking, { deadline, signal })
      if (ran) return ran
      await crew.system.stirred(at.folder, waitMs(talking, deadline), AbortSignal.any([signal, called]))
    }
  } finally {
    await talking.sharing.end()
    crew.steering.leave(at.work.task)
  }
}

/** Finds the program, or starts it. One that cannot be spoken to by a new daemon is stopped, and its session goes on in another. */
async function begin(crew: Crew, durable: Durable, { work, chosen: wanted, folder, found }: Meeting): Promise<Talking> {
  const chosen = await asItSpeaks(crew, wanted, folder)
  const session = sessionOf(chosen)
  if (found.state === 'absent') await launchFirst(crew, { work, chosen, folder, session })
  const spec = await spokenSpec(crew, work, chosen, { folder, session })
  const talking: Talking = {
    crew,
    durable,
    work,
    folder,
    chosen,
    talk: chosen.driver.talk(spec),
    offset: 0,
    heard: nothingHeard(crew.clock.ticks()),
    resumed: session !== null,
    interrupted: found.state === 'absent' ? null : await interruptionIn(crew.system, folder),
    overloads: 0,
    overBudget: null,
    sharing: openSharing(crew, work),
  }
  if (found.state !== 'absent') await takeOver(talking, found)
  return talking
}

/** A daemon before this one may have ended the attempt's last program, and died before it began the next. */
async function launchFirst(
  crew: Crew,
  { work, chosen, folder, session }: Pick<Meeting, 'work' | 'chosen' | 'folder'> & { session: string | null },
): Promise<void> {
  const isAgain = crew.system.earlier(folder) > 0
  if (isAgain) await forgetInPlace({ crew, folder })
  const opening = session === null ? ('anew' as const) : { session, words: isAgain ? goOnWords : null }
  await launchProgram(crew, work, chosen, { folder, opening })
}

/** A daemon before this one may have found that its program knows only the second way. */
async function asItSpeaks({ system }: Crew, chosen: Chosen, folder: string): Promise<Chosen> {
  const { fallback } = chosen.driver
  const isSecond = fallback !== undefined && (await system.readFile(fallbackFile(folder))) !== undefined
  return isSecond ? { ...chosen, driver: fallback } : chosen
}

/**
 * Reads what it said so far. One whose answers only the old daemon could give gets none; when it was not done yet, its session
 * goes on in a new program.
 */
async function takeOver(talking: Talking, { state }: AgentState): Promise<void> {
  const isLost = state === 'alive' && !talking.chosen.driver.abilities.adoptable
  await hear(talking, (at, event) => (isLost && event.kind === 'reply' ? Promise.resolve() : act(at, event)))
  const isInDoubt = (await settleInPlace(talking)) === 'in doubt' && talking.chosen.driver.abilities.recalls
  const isGone = isLost || (state === 'over' && isInDoubt)
  if (isGone && (isInDoubt || isUnfinished(talking))) await relaunch(talking, goOnWords)
}

/** Also a turn that was broken off for a hint: the one behind it was begun by the daemon that died. */
const isUnfinished = ({ heard: { turn }, interrupted }: Talking): boolean =>
  turn === null || (turn.reason === 'interrupted' && interrupted === null)

interface Bounds {
  deadline: number
  signal: AbortSignal
}

/** One look at it: what it said, what that means, and what is to be said to it. */
async function step(talking: Talking, { deadline, signal }: Bounds): Promise<Ran | undefined> {
  const { crew, work, folder, chosen } = talking
  const state = await crew.system.look(folder, markOf(crew, work))
  await hear(talking, act)
  if (talking.heard.turn !== null) {
    const { turn } = talking.heard
    const ran = await afterTurn(talking, { turn, isAlive: state.state === 'alive', signal })
    if (ran === undefined) talking.sharing.begin(turn)
    if (ran !== undefined || talking.heard.turn === null) return ran
  }
  if (signal.aborted) {
    if (talking.heard.turn === null) await interrupt(talking, 'stop')
    return cutShort(crew, work)
  }
  if (state.state !== 'alive') return afterEnd(talking, state, signal)
  const { limit, busy, at } = talking.heard
  if (limit && crew.clock.ticks() - limit.at > limitGraceMs) {
    await interrupt(talking, 'limit')
    return limited(talking, 'limit', limit)
  }
  if (crew.clock.ticks() >= deadline) return tooLate(chosen.timeoutMs)
  if (busy.size === 0 && crew.clock.ticks() - at > crew.settings.stall_timeout)
    return tooQuiet(crew.settings.stall_timeout)
  await handBack(talking)
  await steer(talking)
  return undefined
}

const longestWaitMs = 60_000

function waitMs({ crew, heard }: Talking, deadline: number): number {
  const now = crew.clock.ticks()
  const times = [
    longestWaitMs,
    deadline - now,
    ...(heard.busy.size === 0 ? [heard.at + crew.settings.stall_timeout - now] : []),
    ...(heard.limit ? [heard.limit.at + limitGraceMs - now] : []),
    ...(heard.turn ? [awaitMs] : []),
  ]
  return Math.max(1, Math.min(...times) + 1)
}

const awaitMs = 500
