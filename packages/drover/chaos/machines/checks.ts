import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from '../../src/domain/task.ts'
import { schemaOf } from '../../src/ledger/postgres-url.ts'
import {
  assertAlwaysGreen,
  assertAttempts,
  assertLandedOnce,
  assertNeedsHeld,
  assertWholeRepository,
  assertWorktrees,
  landedOn,
} from '../../test/support/invariants.ts'
import { asked } from '../../test/support/postgres.ts'
import { assertNoCanary, assertUsersCommits, configurationOf, isGreen } from '../checks-files.ts'
import { holds } from '../violation.ts'
import { type Meeting, readMeeting } from './agents.ts'
import type { Fleet } from './fleet.ts'
import type { Machine } from './machine.ts'

/** So long what stood still for too long may breathe before its leash ends it: a look, its grace, and a machine with other work. */
const breathMs = 2_500

/**
 * An agent may begin only when no other one of its task lives, on any machine. One excuse: the other one's whole machine stood still for
 * longer than its lease, or has just awoken; it cannot do anything that counts any more, and it ends at once.
 */
export function assertNeverTwo({ machines, plan }: Fleet): void {
  const met = machines[0]!.marked('twice').map(readMeeting)
  const isExcused = ({ had, came, at }: Meeting): boolean =>
    had !== came &&
    machines.some(({ name, frozen }) => name === had && frozen.some((one) => isDuring(one, at, plan.leaseMs)))
  assert.deepEqual(
    met.filter((one) => !isExcused(one)),
    [],
  )
}

const isDuring = ({ from, to }: { from: number; to: number }, at: number, leaseMs: number): boolean =>
  to - from > leaseMs / 2 && at >= from && at <= to + breathMs

/** How many of those there were: they show that the excuse is needed, and how seldom. */
export const excused = ({ machines }: Fleet): number => machines[0]!.marked('twice').length

/** Everything, when all is done and no daemon runs any more. */
export async function checkFleet(fleet: Fleet): Promise<void> {
  const { machines, remote, diary, server } = fleet
  const [first] = machines as [Machine]
  const { reading } = await first.ledger()
  const tasks = await reading.tasks({})
  // What the remote has is what counts: here it is looked at.
  first.git('fetch', '-q', 'origin')
  const shown = first.git('ls-remote', `file://${remote}`, 'refs/heads/main').split('\t')[0]
  first.git('update-ref', 'refs/heads/main', shown!)
  await holds('agents are never two at once', () => assertNeverTwo(fleet))
  await holds('I4 a base holds what its task needs', () => assert.deepEqual(first.marked('missing'), []))
  await holds('I1 no task is lost', () => assertThere(tasks, diary.created))
  await holds('2 every task is over, once', () => assertOverOnce(first, tasks))
  await holds('I2 work lands once', () => assertLandedOnce(first, tasks))
  await holds('I3 every tip of the target was green', () => assertAlwaysGreen(first, isGreen(first)))
  await holds('I4 needs hold on the branch', () => assertNeedsHeld(first, tasks))
  await holds('I6 attempts are counted', () => assertAttempts(first, tasks))
  await holds('work of a completed task is on the target', () => diary.assertWork(tasks))
  await holds("others' commits stay on the target", () => assertUsersCommits(first, diary))
  await holds('I5 no job and no executor is left', () => assertNobody(server.url, first))
  await holds('nothing of a landed task is left on the remote', () => assertTidy(fleet))
  for (const machine of machines) await checkMachine(fleet, machine)
  await holds('I16 configuration and hooks are untouched', () =>
    assert.equal(configurationOf(first), diary.configuration),
  )
}

async function checkMachine(_: Fleet, machine: Machine): Promise<void> {
  await holds('I7 worktrees are what git knows', () => assertWorktrees(machine))
  await holds('I8 no process is left', () => assert.deepEqual(machine.others(), []))
  await holds('I9 no lock is left', () => assert.deepEqual(machine.locks(), []))
  await holds('I10 the repository is whole', () => assertWholeRepository(machine))
  await holds('I15 no secret is written down', () => assertNoCanary(machine))
  await holds('no card of a daemon is left', () =>
    assert.equal(existsSync(join(machine.root, '.drover/run/daemon.json')), false),
  )
}

function assertThere(tasks: readonly Task[], created: ReadonlySet<string>): void {
  const there = new Set(tasks.map(({ id }) => id))
  assert.deepEqual(
    [...created].filter((id) => !there.has(id)),
    [],
    'acknowledged, and not in the ledger',
  )
}

async function assertOverOnce(world: Machine, tasks: readonly Task[]): Promise<void> {
  const over = Map.groupBy(await world.all('task.completed'), ({ task }) => task)
  for (const { id, status } of tasks.filter(({ kind }) => kind !== 'subtask')) {
    assert.equal(status, 'completed', `${id} is ${status}`)
    assert.equal(over.get(id)?.length, 1, `${id} was completed ${over.get(id)?.length} times`)
  }
  const on = landedOn(world).flatMap((one) => one.tasks)
  assert.deepEqual(on.toSorted(), [...new Set(on)].toSorted(), 'a task stands on the branch twice')
}

async function assertNobody(url: string, world: Machine): Promise<void> {
  const schema = schemaOf(await world.projectId())
  const rows = await asked(url, `select id, status, holder from "${schema}".job`)
  assert.deepEqual(rows, [], 'jobs are left')
  const living = await asked(url, `select id from "${schema}".executor where dead_at is null`)
  assert.deepEqual(living, [], 'these say that they live')
}

function assertTidy(fleet: Fleet): void {
  const [first] = fleet.machines as [Machine]
  first.git('-C', fleet.remote, 'fsck', '--connectivity-only')
  assert.equal(inProgress(fleet), '', 'work in progress is left')
}

export const inProgress = ({ machines: [first], remote }: Fleet): string =>
  first!.git('-C', remote, 'for-each-ref', 'refs/drover/wip')
