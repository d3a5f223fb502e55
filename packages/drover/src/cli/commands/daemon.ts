import { DroverError } from '../../domain/error.ts'
import type { RunOptions } from '../../app/daemon.ts'
import type { Holder } from '../../app/holder.ts'
import type { Project } from '../../app/open-project.ts'
import { command, type Context } from '../command.ts'
import type { Options } from '../option.ts'
import { placeOf } from '../place.ts'
import { accountsIn, asWords, drivingFlags, runOptions } from '../run-options.ts'
import { troubles } from '../troubles.ts'
import { lasting } from '../time.ts'
import { stoppedBy } from '../terminal.ts'

const { workers, agent, budget, profiles, 'no-land': noLand } = runOptions
const options = { workers, agent, budget, profiles, 'no-land': noLand } as const satisfies Options

export const daemon = command({
  name: 'daemon',
  summary: 'Drive tasks and stay for new ones',
  about: 'In the foreground, until a signal; its log goes to .drover/log/daemon.jsonl.',
  options,
  examples: ['drover daemon', 'drover daemon start --workers 8'],
  async run(context, values) {
    await joinIfNew(context)
    const opened = await context.project(drivingFlags(values))
    const accounts = await accountsIn(opened, values.profiles)
    const onReady = ({ pid }: Holder): void =>
      context.print.note(`Driving ${opened.places.root}, pid ${pid}, until a signal comes.`)
    return stay(context, opened, { accounts, onReady })
  },
})

/** Drives until a signal comes. */
export async function stay(
  { terminal, print }: Context,
  opened: Project,
  more: Pick<RunOptions, 'accounts' | 'onReady'>,
): Promise<number> {
  const { runProject } = await import('../../app/daemon.ts')
  const { stop, kill } = terminal.signals()
  const { workers: slots } = opened.config.settings
  const wanted = { kind: 'daemon', workers: slots, epic: null, ...more, ...troubles(print, opened.clock) } as const
  await runProject(opened, wanted, stop, kill)
  return stop.reason === 130 ? stoppedBy(stop) : 0
}

/** A clone on another machine than the one that made the project joins it by being driven. */
async function joinIfNew({ globals, terminal }: Context): Promise<void> {
  const place = placeOf(globals, terminal)
  const { isToJoin, joinProject } = await import('../../app/join.ts')
  if (await isToJoin(place)) await joinProject(place)
}

export const daemonStart = command({
  name: 'daemon start',
  summary: 'Start a daemon in the background',
  options,
  examples: ['drover daemon start'],
  async run(context, values) {
    const { project, print } = context
    await joinIfNew(context)
    const { startDaemon } = await import('../../app/start-daemon.ts')
    const holder = await startDaemon(await project(), ['daemon', ...asWords(values)])
    print.done(holder, `A daemon drives this project, pid ${holder.pid}`, 'drover watch')
  },
})

export const daemonStatus = command({
  name: 'daemon status',
  summary: 'Whether a daemon drives this project',
  about: 'Exit code 0 when one does, 6 when none does.',
  options: {},
  examples: ['drover daemon status --json'],
  async run({ project, print }) {
    const opened = await project()
    const holder = await holderOf(opened)
    const running = (await opened.reading.openAttempts()).length
    const since = lasting(opened.clock.now() - Date.parse(holder.since))
    print.result({ status: 'ALIVE', ...holder, running }, () => [
      `ALIVE: a ${holder.kind}, pid ${holder.pid}, since ${since}, ${running} of ${holder.workers} slots at work`,
    ])
  },
})

export const daemonStop = command({
  name: 'daemon stop',
  summary: 'Stop the daemon; its work can go on later',
  about: 'Agents stop at their next safe point. Returns when the daemon is gone.',
  options: { 'keep-agents': { type: 'boolean', about: 'Let agents work on; the next daemon takes them over' } },
  examples: ['drover daemon stop', 'drover daemon stop --keep-agents'],
  async run({ project, print }, values) {
    const opened = await project()
    const { pid } = await holderOf(opened)
    const { askDaemon } = await import('../../app/socket-client.ts')
    const keepAgents = values['keep-agents'] === true
    await askDaemon(opened.places, { ask: 'stop', keepAgents }).catch((error: unknown) => {
      if (!keepAgents) throw error // a daemon that leaves its agents goes without a word
    })
    const { isHeld, isLiving } = await import('../../app/lock.ts')
    while (isHeld(opened.places)) await opened.clock.sleep(50)
    // The lock is given back a moment before the process is gone.
    for (const until = opened.clock.ticks() + 2000; isLiving(pid) && opened.clock.ticks() < until;)
      await opened.clock.sleep(10)
    print.done({ pid }, `The daemon has stopped, pid ${pid}`, 'drover daemon start')
  },
})

async function holderOf({ places }: Project) {
  const [{ isHeld }, { readHolder }] = await Promise.all([import('../../app/lock.ts'), import('../../app/holder.ts')])
  const holder = isHeld(places) ? readHolder(places) : undefined
  if (!holder) throw new DroverError('no-daemon', { problem: 'nobody drives this project' })
  return holder
}
