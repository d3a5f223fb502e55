import { setTimeout as pass } from 'node:timers/promises'
import { commitBeside } from '../user-git.ts'
import { type Fleet, note } from './fleet.ts'
import { type Machine, send } from './machine.ts'
import type { Deed, DeedName } from './plan.ts'

/** Does all of it, each in its time, until it is over. Returns how often something was done of each. */
export async function doDeeds(fleet: Fleet, isOver: () => Promise<boolean>): Promise<Map<DeedName, number>> {
  const done = new Map<DeedName, number>()
  const underway = new Set<Promise<void>>()
  for (const deed of fleet.plan.deeds) {
    await pass(deed.after)
    if (fleet.broken || (await isOver())) break
    const about = deed.what === 'crash server' ? server(fleet) : machineFor(fleet, deed)
    if (!about || about.isBusy) continue
    done.set(deed.what, (done.get(deed.what) ?? 0) + 1)
    const doing = perform(fleet, deed, about).finally(() => underway.delete(doing))
    underway.add(doing)
  }
  await Promise.all(underway)
  return done
}

interface Busy {
  isBusy: boolean
}

const servers = new WeakMap<Fleet, Busy>()

function server(fleet: Fleet): Busy {
  const busy = servers.get(fleet) ?? { isBusy: false }
  servers.set(fleet, busy)
  return busy
}

const machineFor = ({ machines }: Fleet, { on }: Deed): Machine | undefined =>
  machines.map((_, n) => machines[(on + n) % machines.length]!).find(({ isBusy }) => !isBusy)

async function perform(fleet: Fleet, deed: Deed, about: Busy): Promise<void> {
  const ms = deed.lasts * fleet.plan.leaseMs
  about.isBusy = true
  note(fleet, `${deed.what} ${'name' in about ? String(about.name) : ''} ${Math.round(ms)} ms`)
  try {
    if ('line' in about) await acting[deed.what as Exclude<DeedName, 'crash server'>](fleet, about as Machine, ms)
    else await crash(fleet, ms)
  } finally {
    about.isBusy = false
    note(fleet, `${deed.what} ${'name' in about ? String(about.name) : ''} over`)
  }
}

async function crash({ server: { crash: end, start } }: Fleet, ms: number): Promise<void> {
  await end()
  await pass(ms)
  await start()
}

const killing =
  (what: 'daemon' | 'group' | 'machine') =>
  async (_: Fleet, machine: Machine, ms: number): Promise<void> => {
    machine.strike(what)
    await machine.worker?.ended
    await pass(ms)
  }

async function freezeDaemon(_: Fleet, machine: Machine, ms: number): Promise<void> {
  const pid = machine.workerPid
  machine.isStill = true
  if (pid !== undefined) send(pid, 'SIGSTOP')
  await pass(ms)
  machine.isStill = false
  if (pid !== undefined) send(pid, 'SIGCONT')
}

async function freeze(_: Fleet, machine: Machine, ms: number): Promise<void> {
  const from = Date.now()
  machine.isStill = true
  machine.signalAll('SIGSTOP')
  await pass(ms)
  machine.frozen.push({ from, to: Date.now() })
  machine.isStill = false
  machine.signalAll('SIGCONT')
}

const acting: Record<
  Exclude<DeedName, 'crash server'>,
  (fleet: Fleet, machine: Machine, ms: number) => Promise<void>
> = {
  'kill daemon': killing('daemon'),
  'kill group': killing('group'),
  'kill machine': killing('machine'),
  'freeze daemon': freezeDaemon,
  'freeze machine': freeze,
  blink: freeze,
  async stop(_, machine, ms) {
    // One that only now begins is not there to be told.
    await machine.drover('daemon', 'stop')
    machine.ask()
    await machine.worker?.ended
    await pass(ms)
  },
  async cut(_, { line }) {
    line?.cut()
  },
  async hang(_, { line }, ms) {
    const goOn = line?.hang()
    await pass(ms)
    goOn?.()
    // What was said into nothing is not answered any more.
    if (ms % 2 > 1) line?.cut()
  },
  'lose replies': (_, machine, ms) => lose(machine, 'after', ms),
  'lose commits': (_, machine, ms) => lose(machine, 'before', ms),
  async commit({ remote, diary, machines: [first] }) {
    const commit = commitBeside(remote, first!.env, `user-${diary.commits.length + 1}.txt`)
    if (commit !== undefined) diary.commits.push(commit)
  },
}

/** The next three commits, or as many as come. */
async function lose({ cuts }: Machine, what: 'before' | 'after', ms: number): Promise<void> {
  cuts.push(what, what, what)
  await pass(ms)
  cuts.length = 0
}
