import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { releaseAtStart } from '../flow/accounts.ts'
import { dispatch, openSlots, type Slots } from '../flow/dispatch.ts'
import { runId } from '../domain/id.ts'
import { isLedgerLost, isPassing } from '../domain/ledger-trouble.ts'
import { driveTask } from '../flow/drive-task.ts'
import { heed } from '../flow/follow.ts'
import { driveLanding } from '../flow/land.ts'
import { tidy } from '../flow/tidy.ts'
import { tidyRemote } from '../flow/travel/tidy.ts'
import type { Crew } from '../flow/crew.ts'
import type { Job, Living } from '../ports/durable.ts'
import { answerAgents } from './agent-tools.ts'
import { openFarewell, type RunEnd } from './farewell.ts'
import { keepLost } from './keep-lost.ts'
import { lock } from './lock.ts'
import { openCrew, type DrivingCrew } from './open-crew.ts'
import type { Holder } from './holder.ts'
import { untilNewer } from './open-ledger.ts'
import type { Project } from './open-project.ts'
import { placesBelow } from './places.ts'
import { openSocket } from './socket.ts'
import { openToolsPlace } from './tools-place.ts'
import type { Answer, Request } from './socket-words.ts'
import { makeSecret, writeShim } from './surroundings.ts'
import { fulfilWishes } from './wishes.ts'

export interface RunOptions {
  kind: 'run' | 'daemon'
  workers: number
  epic: string | null
  /** Only these accounts, where an agent has several. */
  accounts?: readonly string[] | null
  /** Called once everything is up: the holder's card, as it stands in the file. */
  onReady?(holder: Holder): void
  onWait?(until: number | null, why: string): void
  /** Called when a workflow broke; it is begun again by itself. */
  onTrouble?(job: string, problem: string): void
}

/** How long a daemon lives without its database, and one that is to end waits for it. */
const databaseMs = 5 * 60_000
const endsMs = 10_000

/** Drives the project: one process at a time, from the lock to its release. Ends by itself when it is a run. */
export async function runProject(
  project: Project,
  options: RunOptions,
  stop: AbortSignal,
  kill: AbortSignal,
): Promise<RunEnd> {
  const held = await lock(project.places, 'a daemon')
  project.ledger.waitFor(databaseMs)
  const asked = new AbortController()
  const signal = AbortSignal.any([stop, asked.signal])
  const below = placesBelow(project.places)
  rmSync(below.holder, { force: true }) // of one that died: from now on it would name the wrong one
  makeSecret(below.secret, project.clock.bytes(32))
  writeShim(below.bin)
  const slots = openSlots(options.workers)
  const { promise: opened, resolve: open } = Promise.withResolvers<DrivingCrew>()
  const agents = opened.then(answerAgents) // one for all: they are answered in turn
  const answer = async (request: Request): Promise<Answer> => {
    const crew = await opened // whoever asks while the daemon comes up waits for it
    if (request.ask === 'poke') crew.ledger.look()
    else if (request.ask === 'status')
      return { ok: true, about: { running: crew.runtime.running(), memory: process.memoryUsage().rss } }
    else if (request.ask === 'stop') asked.abort(request.keepAgents ? 'keep agents' : 'stop')
    else return (await agents)(request)
    return { ok: true }
  }
  const socket = await openSocket(project.places, answer)
  const tools = openToolsPlace(below.toolsPort, async (ask, said, by) => (await agents)({ ask, said, ...by }))
  try {
    const trouble = openTrouble()
    const doors = { socket: socket.path, tools: tools.url, workers: options.workers }
    const crew = await openCrew(project, doors, {
      lost: trouble.meet,
      stop: signal,
      trouble: (job, error) => {
        if (isLedgerLost(error)) trouble.meet(error)
        else options.onTrouble?.(job, error instanceof Error ? error.message : String(error))
      },
    })
    open(crew)
    try {
      return await drive(project, crew, options, { slots, signal, kill, socket: socket.path, trouble })
    } finally {
      await crew.close()
    }
  } finally {
    await tools.close()
    await socket.close()
    rmSync(below.holder, { force: true })
    held.release()
  }
}

/** What ends the run before its time: the first of it is told. */
function openTrouble() {
  const met = new AbortController()
  return { signal: met.signal, meet: (error: unknown): void => met.abort(error) }
}

interface Ways {
  slots: Slots
  signal: AbortSignal
  kill: AbortSignal
  socket: string
  trouble: ReturnType<typeof openTrouble>
}

async function drive(
  project: Project,
  crew: DrivingCrew,
  options: RunOptions,
  { slots, signal, kill, socket, trouble }: Ways,
): Promise<RunEnd> {
  const begun = crew.clock.ticks()
  const name = crew.here.machine
  const by = () => ({
    kind: 'machine' as const,
    name,
    request: `${name}/${crew.clock.now()}/${Buffer.from(crew.clock.bytes(6)).toString('hex')}`,
  })
  const hands = crew.openHands(options.accounts ?? null)
  await crew.workspace.recover()
  await tidy(crew)
  await releaseAtStart(crew)
  for (const job of await crew.runtime.living()) await takeOver(crew, slots, job)
  const { workers, epic, kind } = options
  const labels = crew.settings['machine.labels']
  const labelled = labels.length === 0 ? {} : { labels: [...labels] }
  await crew.ledger.append(
    [
      { type: 'machine.joined', data: { machine: name, slots: workers, pid: process.pid, ...labelled } },
      { type: 'run.started', data: { workers, epic, kind, budgetUsd: crew.settings['budget.run_usd'] } },
    ],
    by(),
  )
  await crew.runtime.serve({ drive: inSlot(crew, slots), land: driveLanding(crew) })
  const holder = writeHolder(project, { workers, epic, kind, socket })
  options.onReady?.(holder)
  const following = new AbortController()
  const others = [
    heed(crew, following.signal),
    fulfilWishes(crew, project, following.signal),
    tidyRemote(crew, following.signal),
    untilNewer(project, crew.clock, following.signal),
  ].map((one) => one.catch(trouble.meet))
  kill.addEventListener('abort', () => void endAll(crew), { once: true })
  const onWait = (until: number | null, why: string): void => {
    options.onWait?.(until, why)
    crew.here.log('info', `waiting: ${why}`)
    crew.ledger.append([{ type: 'run.waiting', data: { until, why } }], by()).catch(unlessPassing(trouble.meet))
  }
  const farewell = openFarewell(crew, { epic, by, lastedMs: () => Math.round(crew.clock.ticks() - begun) })
  const wanted = { workers, epic, hands, onWait, ...(kind === 'run' ? { end: farewell.ifNothingIsLeft } : {}) }
  await dispatch(crew, slots, wanted, AbortSignal.any([signal, trouble.signal])).catch(trouble.meet)
  if (signal.reason === 'keep agents') process.kill(process.pid, 'SIGKILL')
  project.ledger.waitFor(endsMs)
  // Also when the ledger is lost: agents that cannot be ended in order live on, and the next start adopts them.
  await crew.runtime.stop()
  following.abort()
  await Promise.all(others)
  if (trouble.signal.aborted) throw await keepLost(project, trouble.signal.reason)
  return farewell.say(signal.aborted)
}

/** An attempt of this machine that goes on from before the start has its slot already; others' have one when they are begun here. */
async function takeOver(crew: Crew, slots: Slots, { kind, task, attempt, id, isElsewhere }: Living): Promise<void> {
  if (kind !== 'drive' || isElsewhere) return
  const before = await crew.reading.attempt(task, attempt)
  if (!before || before.machine === crew.here.machine || !crew.workspace.travels) slots.take(before?.slot ?? 1, id)
}

const inSlot =
  (crew: Crew, slots: Slots) =>
  async (...[job, durable]: Parameters<ReturnType<typeof driveTask>>): Promise<void> => {
    if (!slots.jobs().includes(job.id)) await seat(crew, slots, job)
    await driveTask(crew)(job, durable).finally(() => slots.leave(job))
  }

/**
 * It was begun before whoever claimed it here could say so, or another machine claimed or began it: from now on it has a slot of
 * this one, and what is left of it on this host ends.
 */
async function seat(
  { reading, records, system, here, settings }: Crew,
  slots: Slots,
  { id, task, attempt }: Job,
): Promise<void> {
  const { machine } = here
  const before = await reading.attempt(task, attempt)
  if (slots.jobs().includes(id)) return
  if (before?.machine === machine && !slots.isTaken(before.slot)) return slots.take(before.slot, id)
  const slot = slots.free() ?? slots.busy() + 1
  slots.take(slot, id)
  const mark = runId(here.project, task, attempt)
  if (before && before.machine !== machine) await system.end({ folder: null, mark, graceMs: settings.stop_grace })
  await records.seat(task, attempt, { machine, slot })
}

function writeHolder({ places }: Project, about: Omit<Holder, 'pid' | 'since'>): Holder {
  const { holder: file, run } = placesBelow(places)
  const holder: Holder = { pid: process.pid, since: new Date().toISOString(), ...about }
  mkdirSync(run, { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, JSON.stringify(holder), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return holder
}

/** Asked twice: nobody waits for anybody any more. */
async function endAll(crew: Crew): Promise<void> {
  const marks = crew.runtime.running().map((job) => `${crew.here.project}:${job}`)
  await Promise.all(marks.map((mark) => crew.system.end({ folder: null, mark, graceMs: 0 })))
}

/** For what is worth saying only while there is room to write it down. */
const unlessPassing =
  (fail: (error: unknown) => void) =>
  (error: unknown): void => {
    if (!isPassing(error)) fail(error)
  }
