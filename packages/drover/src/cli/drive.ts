import type { RunEnd } from '../app/farewell.ts'
import type { Project } from '../app/open-project.ts'
import { DroverError } from '../domain/error.ts'
import type { Event } from '../domain/event.ts'
import { glance } from '../domain/summary.ts'
import type { Context } from './command.ts'
import { epicsOf } from './epics-of.ts'
import { follow } from './follow.ts'
import { eventJson } from './json.ts'
import { parkedWords } from './rest.ts'
import { changedAfter, runSummary } from './run-summary.ts'
import { openScreen, type Screen } from './screen.ts'
import { look } from './standing.ts'
import { tell } from './story.ts'
import { stoppedBy } from './terminal.ts'
import { troubles } from './troubles.ts'
import { oneLine, view } from './view.ts'

interface Drive {
  epic: string | null
  accounts: readonly string[] | null
  /** No option that a run of somebody else could not follow. */
  isPlain: boolean
}

/** Drives the project, or follows whoever drives it, showing what happens; ends with the summary. */
export async function driveAndShow(context: Context, project: Project, wanted: Drive): Promise<number> {
  const { terminal, print } = context
  const { stop, kill } = terminal.signals()
  const over = new AbortController()
  const since = { at: project.clock.ticks(), seq: await project.reading.lastSeq() }
  stop.addEventListener('abort', () =>
    print.note('Stopping: agents end at a safe point, and go on at the next run. Once more stops them now.'),
  )
  const showing = show(context, project, { after: since.seq, epic: wanted.epic, signal: over.signal })
  let end: RunEnd | undefined
  try {
    end = await drive(context, project, wanted, { stop, kill })
  } finally {
    over.abort()
    await showing
  }
  if (stop.aborted) return stoppedBy(stop)
  return runSummary(context, project, { since: since.at, seq: since.seq, epic: wanted.epic, end })
}

/** Returns how it ended, if it was not only followed. */
async function drive(
  { print }: Context,
  project: Project,
  { epic, accounts, isPlain }: Drive,
  { stop, kill }: { stop: AbortSignal; kill: AbortSignal },
): Promise<RunEnd | undefined> {
  const { runProject } = await import('../app/daemon.ts')
  const { workers } = project.config.settings
  const { onWait, onTrouble } = troubles(print, project.clock)
  const onReady = (): void => {
    if (!print.json && project.config.settings['land.gate'] === '')
      print.note(
        'Nothing is checked before work lands: land.gate is not set.',
        'drover config set land.gate "npm test"',
      )
  }
  const options = {
    kind: 'run',
    workers,
    epic,
    accounts,
    onReady,
    onTrouble,
    ...(print.json ? {} : { onWait }),
  } as const
  for (;;) {
    try {
      return await runProject(project, options, stop, kill)
    } catch (error) {
      if (!(error instanceof DroverError && error.code === 'already-running' && isPlain)) throw error
      print.note(`${error.message}; following it.`)
      await untilQuiet(project, epic, stop)
      if (stop.aborted || !(await isLeftBehind(project, epic))) return undefined
    }
  }
}

/** Whether the other one was ending when this one came, so that it never saw what is ready now. */
async function isLeftBehind({ reading, places }: Project, epic: string | null): Promise<boolean> {
  const { isHeld } = await import('../app/lock.ts')
  const ready = await reading.tasks({ statuses: ['ready'], ...(epic === null ? {} : { epic }) })
  if (ready.length === 0 || isHeld(places)) return false
  const changed = await changedAfter(reading, await lastEnd(reading))
  return ready.some(({ id, kind }) => kind !== 'subtask' && changed.has(id))
}

async function lastEnd(reading: Project['reading']): Promise<number> {
  for (let last = 0; ;) {
    const ends = await reading.events(last, { types: ['run.finished'] }, 500)
    last = ends.at(-1)?.seq ?? last
    if (ends.length < 500) return last
  }
}

/** Another process drives: wait until nothing runs any more or is about to, or until it is gone. */
async function untilQuiet(project: Project, epic: string | null, signal: AbortSignal): Promise<void> {
  const { isHeld } = await import('../app/lock.ts')
  const bell = project.ledger.bell()
  while (!signal.aborted && isHeld(project.places)) {
    const { counts } = await project.reading.standing(epic ?? undefined)
    if (counts.ready + counts.claimed + counts.in_progress + counts.landing === 0) return
    await bell(1000, signal)
  }
}

interface Showing {
  after: number
  epic: string | null
  signal: AbortSignal
}

async function show(context: Context, project: Project, showing: Showing): Promise<void> {
  const { print, terminal } = context
  const isLive = print.isTerminal && terminal.stderr.isTTY === true && !print.json && !terminal.facts.ci
  const screen = isLive ? openScreen(terminal.stderr) : undefined
  const tells = screen
    ? live(screen, context, showing)
    : print.json
      ? jsonLines(context, project)
      : plainLines(context, project)
  const filter = showing.epic === null ? {} : { epic: showing.epic }
  const ended = new AbortController()
  try {
    for await (const events of follow(project, { after: showing.after, filter, wake: showing.signal }, ended.signal)) {
      await tells(events, project)
      if (events.length === 0 && showing.signal.aborted) ended.abort()
      else if (screen) await project.clock.sleep(100, showing.signal)
    }
  } finally {
    screen?.draw([]) // the summary says it all
    screen?.close()
  }
}

type Tells = (events: readonly Event[], project: Project) => Promise<void>

function live(screen: Screen, { print }: Context, { epic }: Showing): Tells {
  const story: string[] = []
  return async (events, project) => {
    story.push(...events.map(tell).filter((line) => line !== undefined))
    story.splice(0, story.length - 6)
    const moment = await look(project, epic ?? undefined)
    screen.draw(
      view(
        { moment, story, footer: 'Ctrl-C stops at a safe point, twice now' },
        { width: print.width, paint: print.paint, ascii: print.ascii },
      ),
    )
  }
}

function jsonLines({ print }: Context, { reading }: Project): Tells {
  const epicOf = epicsOf(reading)
  return async (events) => {
    for (const event of events) print.jsonLine(eventJson(event, await epicOf(event)))
  }
}

/** A line for what happens, and one now and then when nothing does, so that nobody thinks it hangs. */
function plainLines({ print }: Context, { clock }: Project): Tells {
  let last = clock.ticks()
  return async (events, { reading }) => {
    const lines = events.map(tell).filter((line) => line !== undefined)
    print.lines(lines)
    if (lines.length > 0) last = clock.ticks()
    if (clock.ticks() - last < 30_000) return
    last = clock.ticks()
    const standing = await reading.standing()
    const rests = parkedWords(await reading.accounts(), clock.now(), print.ascii)
    if (glance(standing).running > 0 || rests.length > 0) print.lines([oneLine(standing, print.ascii, rests)])
  }
}
