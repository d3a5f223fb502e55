import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import type { Outcome } from '../campaign.ts'
import { ownServer } from '../../test/support/postgres.ts'
import { helpFor } from '../finish.ts'
import { holds, Violation } from '../violation.ts'
import { assertNeverTwo, checkFleet, excused, inProgress } from './checks.ts'
import { doDeeds } from './deeds.ts'
import { type Fleet, keepUp, makeFleet, note } from './fleet.ts'
import type { Machine } from './machine.ts'
import type { MachinesPlan } from './plan.ts'

/** Those that are being played now, and what they share. */
const open = new Set<Machine>()
const folders = new Set<string>()

/** The harness itself is to end: nothing that it started stays behind. */
export async function abandonMachines(): Promise<void> {
  for (const machine of open) machine.strike('machine')
  await Promise.allSettled([...open].map((machine) => machine.close()))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

/** Several machines do all tasks of one project, whatever happens to them meanwhile. */
export async function machinesCampaign(
  main: string,
  plan: MachinesPlan,
  keeps = false,
): Promise<Outcome & { story: readonly string[] }> {
  const begun = performance.now()
  const outcome: Outcome = { kills: 0, ms: 0, hits: new Map(), strikes: [] }
  let fleet: Fleet | undefined
  const mine = new Set<Machine>()
  const server = await ownServer()
  /** What the machines share belongs to none of them: whatever names a path of a machine runs on it. */
  const folder = mkdtempSync(join(tmpdir(), 'drover-fleet-'))
  folders.add(folder)
  try {
    fleet = await makeFleet(main, plan, { server, folder, open: [mine, open] })
    await live(fleet, outcome)
  } catch (error) {
    outcome.violation =
      error instanceof Violation ? error : new Violation('the harness', String((error as Error).stack))
    outcome.evidence = fleet ? await evidenceOf(fleet) : ''
  } finally {
    if (fleet) {
      fleet.isOver = true
      if (outcome.violation && keeps) outcome.folder = keep(fleet)
      for (const machine of mine) machine.strike('machine')
    }
    for (const machine of mine) {
      await machine.close().catch((error: unknown) => {
        outcome.violation ??= new Violation('nothing is left at work', String(error))
      })
      open.delete(machine)
    }
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
    folders.delete(folder)
  }
  return { ...outcome, story: fleet?.story ?? [], ms: performance.now() - begun }
}

async function live(fleet: Fleet, outcome: Outcome): Promise<void> {
  const services = fleet.machines.map((machine) => keepUp(fleet, machine))
  const done = await doDeeds(fleet, () => isDone(fleet))
  await untilDone(fleet)
  fleet.isOver = true
  note(fleet, 'all is done')
  for (const machine of fleet.machines) machine.ask()
  await Promise.all(services)
  for (const [what, times] of done) {
    if (/^kill|^crash/.test(what)) outcome.kills += times
    outcome.hits.set(`deed ${what}`, times)
  }
  await tidyUp(fleet)
  await checkFleet(fleet)
  const [first] = fleet.machines as [Machine]
  outcome.hits.set('machine.lost', (await first.all('machine.lost')).length)
  outcome.hits.set('ended with 75', fleet.takenOver)
  outcome.hits.set('agents begun', first.marked('starts').filter((line) => !line.startsWith('/')).length)
  outcome.hits.set('two agents at once, excused', excused(fleet))
  outcome.hits.set(fleet.plan.apart ? 'machines apart' : 'machines that see each other', 1)
}

/** Who stood still may have brought its work to the remote after another one had landed it: the next start takes that away. */
async function tidyUp(fleet: Fleet): Promise<void> {
  if (inProgress(fleet) === '') return
  const [first] = fleet.machines as [Machine]
  await first.boot()
  first.worker = first.start('worker')
  for (const late = performance.now() + tidyMs; inProgress(fleet) !== '' && performance.now() < late;) await pass(50)
  first.ask()
  await first.worker.ended
}

const tidyMs = 20_000
const patienceMs = 90_000
const quietMs = 3_000

async function tasksOf({ machines: [first] }: Fleet) {
  return (await (await first!.ledger()).reading.tasks({})).filter(({ kind }) => kind !== 'subtask')
}

const isDone = async (fleet: Fleet): Promise<boolean> =>
  (await tasksOf(fleet)).every(({ status }) => status === 'completed')

/** Until all is completed; what waits for a person gets one, as soon as nothing else happens. */
async function untilDone(fleet: Fleet): Promise<void> {
  const [first] = fleet.machines as [Machine]
  const { reading } = await first.ledger()
  for (let seen = -1, since = performance.now(); !(await isDone(fleet)); await pass(100)) {
    if (fleet.broken) throw fleet.broken
    await holds('agents are never two at once', () => assertNeverTwo(fleet))
    await holds('I4 a base holds what its task needs', () => assert.deepEqual(first.marked('missing'), []))
    const now = await reading.lastSeq()
    if (now !== seen) [seen, since] = [now, performance.now()]
    const restsFor = performance.now() - since
    if (restsFor > patienceMs)
      throw new Violation('2 no task is lost', `nothing has happened for ${patienceMs / 1000} s`)
    if (restsFor > quietMs) await help(fleet)
  }
}

async function help(fleet: Fleet): Promise<void> {
  const [first] = fleet.machines as [Machine]
  for (const task of await tasksOf(fleet)) {
    const words =
      task.status === 'completed' || /claimed|in_progress|landing/.test(task.status) ? [] : helpFor(task)?.[0]
    if (!words || words.length === 0) continue
    note(fleet, `a person says ${words.join(' ')}: ${task.status} ${task.blockedReason} ${task.lastError}`)
    await first.boot()
    await first.ok(...words)
  }
}

async function evidenceOf(fleet: Fleet): Promise<string> {
  const [first] = fleet.machines as [Machine]
  const glance = await first.glance().catch(String)
  const left = glance.split('\n').filter((line) => !/^\S+ completed/.test(line))
  const logs = fleet.machines.map((machine) => `--- ${machine.name}\n${machine.log().slice(-2000)}`)
  return [...left, ...fleet.story.slice(-40), ...logs].join('\n')
}

function keep({ machines }: Fleet): string {
  const folder = `${machines[0]!.folder}-kept`
  for (const machine of machines)
    cpSync(machine.folder, `${folder}/${machine.name}`, { recursive: true, verbatimSymlinks: true, filter: isPlain })
  return folder
}

/** A copy has no use for sockets and pipes. */
const isPlain = (path: string): boolean => !/\/(?:s|in)$/.test(path)
