import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Event } from '../../src/domain/event.ts'
import type { Task } from '../../src/domain/task.ts'
import { rebuild, tablesIn, tablesOf } from './rebuild.ts'
import type { World } from './world.ts'

/** All that must be true of a project at rest, whatever happened to it before. */
export async function assertInvariants(world: World, isGreen: (commit: string) => boolean): Promise<void> {
  const tasks = await (await world.ledger()).reading.tasks({})
  await assertLandedOnce(world, tasks)
  await assertNeedsHeld(world, tasks)
  assertAlwaysGreen(world, isGreen)
  await assertAttempts(world, tasks)
  await assertFold(world)
  assertWholeRepository(world)
  assertWorktrees(world)
  await world.assertQuiet()
}

interface Landed {
  commit: string
  tasks: string[]
}

/** What stands on the target, oldest first, and which tasks each commit names. */
export function landedOn(world: World): Landed[] {
  const format = '--format=%H%x00%(trailers:key=Drover-Task,valueonly,separator=%x2C)'
  const lines = world.git('log', '--first-parent', '--reverse', format, target).split('\n')
  return lines
    .map((line) => line.split('\0'))
    .map(([commit = '', tasks = '']) => ({ commit, tasks: tasks.split(',').filter(Boolean) }))
}

/** Of every world. */
const target = 'main'

/** A completed task with work is one commit of the branch; every other task is none. */
export async function assertLandedOnce(world: World, tasks: readonly Task[]): Promise<void> {
  const on = landedOn(world)
  for (const task of tasks) {
    const commits = on.filter((one) => one.tasks.includes(task.id)).map(({ commit }) => commit)
    const wanted = task.status === 'completed' && task.landedCommit !== null ? [task.landedCommit] : []
    assert.deepEqual(commits, wanted, `${task.id} is ${task.status}, and stands on the branch as ${commits.length}`)
  }
}

/** On the branch a task stands behind all it needed, and its agent began on a base that had them. */
export async function assertNeedsHeld(world: World, tasks: readonly Task[]): Promise<void> {
  const { reading } = await world.ledger()
  const place = new Map(landedOn(world).map(({ commit }, n) => [commit, n]))
  const byId = new Map(tasks.map((task) => [task.id, task]))
  for (const { task: id, needs, until } of await reading.allNeeds()) {
    const [task, need] = [byId.get(id)!, byId.get(needs)!]
    // What was made by the task itself came after it had begun.
    if (until === 'over') continue
    if (task.attempt > 0) assert.equal(need.status, 'completed', `${id} began, but ${needs} is ${need.status}`)
    if (task.landedCommit === null || need.landedCommit === null) continue
    assert.ok(place.get(need.landedCommit)! < place.get(task.landedCommit)!, `${id} landed before ${needs}`)
    const base = place.get(task.baseCommit!)
    assert.ok(base !== undefined && place.get(need.landedCommit)! <= base, `${id} began without ${needs}`)
  }
}

/** The branch never pointed to anything that the gate would refuse. */
export function assertAlwaysGreen(world: World, isGreen: (commit: string) => boolean): void {
  const tips = new Set([
    ...world.git('reflog', 'show', '--format=%H', target).split('\n'),
    ...landedOn(world).map(({ commit }) => commit),
  ])
  for (const tip of tips) assert.ok(isGreen(tip), `${tip} is red`)
}

const ends = new Set<Event['type']>(['task.passed', 'task.retried', 'task.failed'])

/** Attempts are numbered without a gap and end once; those that count are counted, and are never too many. */
export async function assertAttempts(world: World, tasks: readonly Task[]): Promise<void> {
  const { reading } = await world.ledger()
  for (const task of tasks.filter(({ kind }) => kind !== 'subtask')) {
    const events = await reading.events(0, { task: task.id }, 500)
    const claims = events.filter(({ type }) => type === 'task.claimed').map(({ attempt }) => attempt)
    assert.deepEqual(
      claims,
      Array.from({ length: task.attempt }, (_, n) => n + 1),
      `the attempts of ${task.id}`,
    )
    assert.ok(task.attempts <= task.maxAttempts, `${task.id} has had ${task.attempts} attempts of ${task.maxAttempts}`)
    const rows = await reading.attempts(task.id)
    assert.deepEqual(
      rows.map(({ attempt }) => attempt),
      claims,
    )
    assert.deepEqual(
      rows.filter(({ endedAt }) => endedAt === null),
      [],
      `${task.id} has an attempt that is not over`,
    )
    for (const n of claims)
      assertEndsOnce(
        task,
        events.filter(({ attempt }) => attempt === n),
      )
  }
}

function assertEndsOnce(task: Task, events: readonly Event[]): void {
  const ended = events.filter(({ type }) => ends.has(type)).map(({ type }) => type)
  const landings = events.filter(({ type }) => type === 'landing.refused').length
  const most = 1 + landings + events.filter(({ type }) => type === 'task.unblocked').length
  assert.ok(ended.length <= most, `an attempt of ${task.id} ended as ${ended.join(', ')}`)
  assert.ok(ended.filter((type) => type === 'task.passed').length <= 1, `an attempt of ${task.id} passed twice`)
}

/** Applying every event again gives the same tables. */
export async function assertFold(world: World): Promise<void> {
  const { ledger, reading } = await world.ledger()
  const folded = await rebuild(reading)
  const tables = world.database === undefined ? tablesOf(join(world.root, '.drover/drover.db')) : await tablesIn(ledger)
  const hide = world.database === undefined ? (_: string, rows: Rows = []) => rows : asToldAnywhere
  for (const [name, rows] of Object.entries(tables))
    assert.deepEqual(hide(name, folded[name]), hide(name, rows), `the table ${name}`)
}

type Rows = readonly Record<string, unknown>[]

/**
 * What is else in PostgreSQL: who takes over an attempt sits elsewhere, and no event tells of it; and a transaction that was not
 * committed leaves a gap in what the database counts, but never changes the order.
 */
function asToldAnywhere(table: string, rows: Rows = []): Rows {
  if (table === 'attempt') return rows.map(({ machine: _machine, slot: _slot, ...row }) => row)
  const column = counted[table]
  if (column === undefined) return rows
  return rows.toSorted((a, b) => Number(a[column]) - Number(b[column])).map((row, n) => ({ ...row, [column]: n + 1 }))
}

const counted: Readonly<Record<string, string>> = { task: 'ordinal', finding: 'seq' }

export function assertWholeRepository(world: World): void {
  world.git('fsck', '--connectivity-only')
  assert.deepEqual(world.locks(), [])
}

/** Git knows the worktrees that are there, and no others. */
export function assertWorktrees(world: World): void {
  const folder = join(world.root, '.drover/worktrees')
  const known = world
    .git('worktree', 'list', '--porcelain')
    .split('\n')
    .filter((line) => line.startsWith('worktree '))
  const names = world.has('.drover/worktrees') ? readdirSync(folder, { withFileTypes: true }) : []
  const there = names.filter((one) => one.isDirectory()).map(({ name }) => join(folder, name))
  const ours = known.map((line) => line.slice('worktree '.length)).filter((path) => path !== world.root)
  assert.deepEqual(ours.toSorted(), there.toSorted())
}

const hash = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')

/** The user's checkout to the last byte: what git says of it, every file, and the index. */
export function pictureOf(world: World): string {
  const names = readdirSync(world.root, { recursive: true, encoding: 'utf8' }).toSorted()
  const files = names
    .filter((name) => !/^(?:\.git|\.drover)(?:\/|$)/.test(name))
    .map((name) => {
      const path = join(world.root, name)
      const kind = lstatSync(path)
      const holds = kind.isSymbolicLink() ? readlinkSync(path) : kind.isFile() ? hash(readFileSync(path)) : 'folder'
      return `${name} ${kind.mode.toString(8)} ${kind.mtimeMs} ${holds}`
    })
  const head = readFileSync(join(world.root, '.git/HEAD'), 'utf8')
  const index = hash(readFileSync(join(world.root, '.git/index')))
  return [head, world.git('status', '--porcelain=v2', '--branch'), ...files, index].join('\n')
}
