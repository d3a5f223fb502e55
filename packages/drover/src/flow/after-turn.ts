import { backoff } from '../domain/settle.ts'
import type { TurnEnd, TurnReason } from '../ports/driver.ts'
import type { AgentState } from '../ports/system.ts'
import { tell } from './act.ts'
import { handBackWords } from './budget.ts'
import { fallbackFile, goOn, noteInterruption, relaunch } from './go-on.ts'
import { type Hint, waitingHints } from './hints.ts'
import { inItsPlace, inNewProgram } from './in-place.ts'
import { beginLast } from './hand-back.ts'
import { accountOf } from './launch.ts'
import { steer } from './steer.ts'
import type { Talking } from './talking.ts'
import { markOf, type Ran } from './work.ts'

/** So often in a row an overloaded provider is tried again within one attempt. */
const overloadLimit = 5
/** How long the agent may take to show that it heard what was said to it at the end of its turn. */
const echoMs = 10_000

interface Turned {
  turn: TurnEnd
  isAlive: boolean
  signal: AbortSignal
}

/** What follows the end of a turn: the attempt's end, or another turn (then nothing is returned and no turn stands). */
export async function afterTurn(talking: Talking, { turn, isAlive, signal }: Turned): Promise<Ran | undefined> {
  const { interrupted } = talking
  if (interrupted === 'last' && turn.reason !== 'interrupted')
    return overBudget(talking.overBudget ?? 'its budget is spent')
  if (turn.reason !== 'overloaded') talking.overloads = 0
  if (signal.aborted) return undefined
  return ends[turn.reason](talking, turn, { isAlive, signal })
}

type End = (talking: Talking, turn: TurnEnd, at: { isAlive: boolean; signal: AbortSignal }) => Promise<Ran | undefined>

const ends: Record<TurnReason, End> = {
  done: afterWork,
  interrupted: wasInterrupted,
  limit: async (talking, turn) => limited(talking, 'limit', turn),
  auth: async (talking, turn) => limited(talking, 'auth', turn),
  overloaded: tryAgain,
  context: async (talking, turn) => {
    // The next attempt begins with a memory of its own: this one is full.
    await forget(talking, 'full')
    return broke('failed', turn.text || 'its context is full')
  },
  budget: async (talking, turn) => {
    // The program itself kept count, and says no more unless it is begun again.
    talking.overBudget ??= turn.text || 'its budget is spent'
    await relaunch(talking, handBackWords(talking.overBudget))
    await noteInterruption(talking, 'last')
    return undefined
  },
  max_turns: async (_, turn) => broke('failed', turn.text || 'it took more turns than it may'),
  crashed: (talking, turn) => crashed(talking, turn.text),
  unsupported: async (talking, turn) => {
    const { fallback } = talking.chosen.driver
    if (!fallback) return broke('crashed', turn.text || 'its program does not speak the protocol that drover knows')
    talking.chosen = { ...talking.chosen, driver: fallback }
    await talking.crew.system.writeFile(fallbackFile(talking.folder), fallback.name)
    await relaunch(talking, 'as it began')
    return undefined
  },
}

/** By this daemon, or by one that died before it could go on from there. */
async function wasInterrupted(talking: Talking, turn: TurnEnd): Promise<Ran | undefined> {
  const { interrupted, overBudget: spent, heard } = talking
  if (interrupted === null) return broke('crashed', turn.text || 'its turn was interrupted, and not by drover')
  if (interrupted === 'limit') return limited(talking, 'limit', heard.limit ?? turn)
  // The word for its last turn waits for it already.
  if (interrupted === 'last') heard.turn = null
  else if (spent !== null) await beginLast(talking, spent)
  else await goOn(talking, 'Go on.')
  return undefined
}

/** What it remembers is of no use any more: whoever comes next begins anew. */
async function forget(talking: Talking, why: string): Promise<void> {
  const { work, chosen } = talking
  const data = { session: '', agent: chosen.agent, account: accountOf(chosen), model: null, version: null }
  await tell(talking, `session/${why}`, [{ type: 'agent.session', task: work.task, attempt: work.attempt, data }])
}

const overBudget = (words: string): Ran => ({ end: 'budget', exitCode: null, signal: null, words })

const broke = (end: 'failed' | 'crashed', words: string): Ran => ({
  end,
  exitCode: null,
  signal: null,
  words: words.slice(0, 2000),
})

export function limited(talking: Talking, end: 'limit' | 'auth', about: { until: number | null; text: string }): Ran {
  const { agent } = talking.chosen
  const account = { name: accountOf(talking.chosen), agent, until: about.until }
  return { end, exitCode: null, signal: null, words: about.text.slice(0, 500), account }
}

/** Done, unless a person said something that it has not taken up yet. */
async function afterWork(talking: Talking, turn: TurnEnd, { isAlive }: { isAlive: boolean }): Promise<Ran | undefined> {
  const { crew, work, heard, chosen } = talking
  const hints = chosen.driver.abilities.hint === 'none' ? [] : await waitingHints(crew.reading, work.task)
  if (hints.length > 0) return takeUp(talking, hints, isAlive)
  if (isAlive) await untilGone(talking)
  return { end: 'over', exitCode: 0, signal: null, words: '', said: (turn.text || heard.words).slice(-8000) }
}

/** What is said to it now is its next turn. A program that does not show in time that it heard makes room for one that begins with it. */
async function takeUp(talking: Talking, hints: readonly Hint[], isAlive: boolean): Promise<undefined> {
  const { crew, work, heard, chosen } = talking
  if (chosen.driver.abilities.hint === 'interrupt' || !isAlive) return inItsPlace(talking, hints)
  const isUnsaid = ({ said }: (typeof hints)[number]): boolean => said !== work.attempt
  if (hints.some(isUnsaid)) {
    heard.at = crew.clock.ticks()
    await steer(talking)
    // What it takes only as a prompt is one now.
    const left = (await crew.reading.pendingHints(work.task)).filter(isUnsaid)
    return left.length === 0 ? undefined : inItsPlace(talking, left)
  }
  return crew.clock.ticks() - heard.at < echoMs ? undefined : inNewProgram(talking, hints)
}

/** A program that takes one prompt ends by itself, when it has written down what it remembers. */
async function untilGone({ crew, folder, talk, work }: Talking): Promise<void> {
  if (talk.say({ kind: 'prompt', text: '' }) !== undefined) return
  const late = crew.clock.ticks() + lingerMs
  const never = new AbortController().signal
  while (crew.clock.ticks() < late && (await crew.system.look(folder, markOf(crew, work))).state === 'alive')
    await crew.system.stirred(folder, late - crew.clock.ticks(), never)
}
const lingerMs = 2_000

/** The provider was overloaded: the same session goes on a little later, a few times. */
async function tryAgain(
  talking: Talking,
  turn: TurnEnd,
  { signal }: { signal: AbortSignal },
): Promise<Ran | undefined> {
  const { crew, overloads } = talking
  if (overloads >= overloadLimit)
    return broke('failed', `its provider was overloaded ${overloads} times in a row: ${turn.text}`)
  talking.overloads += 1
  const { retry_delay, retry_delay_max } = crew.settings
  const rules = { retryDelayMs: retry_delay, retryDelayMaxMs: retry_delay_max, jitter: crew.clock.random() }
  await crew.clock.sleep(backoff(overloads, rules), signal)
  if (!signal.aborted) await goOn(talking, 'Go on.')
  return undefined
}

/** A session that is not there any more is begun anew, once; anything else is a crash. One that was opened is there. */
async function crashed(talking: Talking, text: string): Promise<Ran | undefined> {
  const { resumed, heard } = talking
  if (!resumed || heard.answered || heard.session !== null) return broke('crashed', text || 'it ended without a word')
  await forget(talking, `lost/${talking.crew.system.earlier(talking.folder)}`)
  await relaunch(talking, 'anew')
  return undefined
}

const errorBytes = 4096

/** Its program is gone and has not said how its turn ended. */
export async function afterEnd(talking: Talking, state: AgentState, signal: AbortSignal): Promise<Ran | undefined> {
  const { crew, folder, talk } = talking
  const { exitCode = null, signal: by = null } = state.state === 'over' ? state : {}
  if (by === 'lost') return { end: 'over', exitCode: null, signal: 'lost', words: '' }
  const errors = await crew.system.errors(folder, errorBytes)
  const turn = talk.ended?.({ exitCode, signal: by, errors })
  if (turn) return afterTurn(talking, { turn, isAlive: false, signal })
  // A daemon before this one ended it, and died before it could begin it again.
  if (talking.interrupted === 'stop' && !signal.aborted) {
    await relaunch(talking, 'Go on.')
    return undefined
  }
  const how = by === null ? `exit code ${exitCode}` : `killed by ${by}`
  const said = errors.trim().slice(-1500)
  const words = `it ended in the middle of its turn (${how})${said && `: ${said}`}`
  // Who is killed has lost nothing but time.
  return by === null ? crashed(talking, words) : broke('crashed', words)
}
