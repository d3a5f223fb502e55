import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  assertAlwaysGreen,
  assertAttempts,
  assertFold,
  assertLandedOnce,
  assertNeedsHeld,
  assertWholeRepository,
  assertWorktrees,
  landedOn,
} from '../test/support/invariants.ts'
import { type Remembered, remembered } from '../test/support/talking.ts'
import type { Diary } from './diary.ts'
import type { World } from '../test/support/world.ts'
import { isRed } from './tasks.ts'
import { holds } from './violation.ts'
import { canary, type ChaosWorld } from './world.ts'

/** What must be true at every moment, so also of what a death leaves. Cheap. */
export async function checkRemains(world: ChaosWorld, diary: Diary): Promise<void> {
  const db = new DatabaseSync(join(world.root, '.drover/drover.db'))
  try {
    await holds('I1 no task is lost', () => assertAcknowledged(db, diary))
    await holds('I5 who works has one living job', () => assertJobs(db))
    await holds('I11 a task is as its last event left it', () => assertLastEvents(db))
  } finally {
    db.close()
  }
  await holds('agents are never two at once', () => assert.deepEqual(world.marked('twice'), []))
  await holds('I4 a base holds what its task needs', () => assert.deepEqual(world.marked('missing'), []))
  await holds('I3 the target is green', () =>
    assert.ok(isGreen(world)('main'), 'the gate would refuse what is on main'),
  )
  await holds('nothing breaks but by a git that was ended', () => assertUnbroken(world))
}

/** A git that is ended, or finds a lock of one, breaks a job, which is begun again. Nothing else may. */
function assertUnbroken(world: ChaosWorld): void {
  const broken = world
    .log()
    .split('\n')
    .filter((line) => line.includes('broke and is begun again'))
  assert.deepEqual(
    broken.filter((line) => !/DroverError: git |the shell that starts programs/.test(line)),
    [],
  )
}

function assertAcknowledged(db: DatabaseSync, { created }: Diary): void {
  const there = new Set(
    db
      .prepare('select id from task')
      .all()
      .map(({ id }) => id),
  )
  assert.deepEqual(
    [...created].filter((id) => !there.has(id)),
    [],
    'acknowledged, and not in the ledger',
  )
}

function assertJobs(db: DatabaseSync): void {
  const rows = db
    .prepare(
      `select id, status, attempt, (select count(*) from job where job.task = task.id and job.attempt = task.attempt and done = 0) as jobs
      from task where kind <> 'subtask' and status in ('claimed', 'in_progress', 'landing')`,
    )
    .all()
  for (const { id, status, attempt, jobs } of rows) {
    const right = status === 'landing' ? Number(jobs) <= 1 : jobs === 1
    assert.ok(right, `${id} is ${status} at attempt ${attempt}, and has ${jobs} living jobs`)
  }
}

const leadsTo: Record<string, string> = {
  'task.claimed': 'claimed',
  'task.started': 'in_progress',
  'task.passed': 'landing',
  'task.blocked': 'blocked',
  'task.paused': 'paused',
  'task.cancelled': 'cancelled',
  'task.failed': 'failed',
  'task.completed': 'completed',
}

function assertLastEvents(db: DatabaseSync): void {
  const rows = db
    .prepare(
      `select id, status, attempt, (select count(*) from event where task = task.id and type = 'task.claimed') as claims,
        (select count(*) from attempt where attempt.task = task.id) as attempts,
        (select type from event where task = task.id and type in (select value from json_each(?)) order by seq desc limit 1) as last
      from task where kind <> 'subtask'`,
    )
    .all(JSON.stringify([...Object.keys(leadsTo), 'task.retried', 'task.unblocked', 'task.resumed', 'task.reopened']))
  for (const { id, status, attempt, claims, attempts, last } of rows) {
    const wanted = last === null ? undefined : leadsTo[String(last)]
    assert.ok(wanted === undefined || wanted === status, `${id} is ${status}, and its last event is ${last}`)
    assert.ok(
      claims === attempt && attempts === attempt,
      `${id} is at attempt ${attempt}: ${claims} claims, ${attempts} rows`,
    )
  }
}

/** What must be true when drover has ended by itself. */
export async function checkRest(world: ChaosWorld, diary: Diary): Promise<void> {
  await checkRemains(world, diary)
  const tasks = await (await world.ledger()).reading.tasks({})
  await holds('I2 work lands once', () => assertLandedOnce(world, tasks))
  await holds('I5 nobody works when drover rests', () => {
    const atWork = tasks.filter(
      ({ status, kind }) => kind !== 'subtask' && /^(?:claimed|in_progress|landing)$/.test(status),
    )
    assert.deepEqual(
      atWork.map(({ id, status }) => `${id} ${status}`),
      [],
    )
  })
  await holds('I8 no process is left', async () => assert.deepEqual(await world.processes(), []))
  await holds('I9 no lock is left', () => assert.deepEqual(world.locks(), []))
  await holds("the user's commits stay on the target", () => assertUsersCommits(world, diary))
  await holds("I13 the user's checkout is theirs, and follows the target", () => diary.assertCheckout())
  const failures = (await world.all('task.retried')).filter(({ data }) => data.error.startsWith('it needs'))
  await holds('I4 a base holds what its task needs', () => assert.deepEqual(failures, []))
}

function assertUsersCommits(world: ChaosWorld, { commits }: Diary): void {
  const on = new Set(landedOn(world).map(({ commit }) => commit))
  assert.deepEqual(
    commits.filter((commit) => !on.has(commit)),
    [],
    'commits of the user that are not on main',
  )
}

/** Everything, once a campaign is over. */
export async function checkEverything(world: ChaosWorld, diary: Diary): Promise<void> {
  await checkRest(world, diary)
  const tasks = await (await world.ledger()).reading.tasks({})
  await holds('I3 every tip of the target was green', () => assertAlwaysGreen(world, isGreen(world)))
  await holds('I4 needs hold on the branch', () => assertNeedsHeld(world, tasks))
  await holds('I6 attempts are counted', () => assertAttempts(world, tasks))
  await holds('I7 worktrees are what git knows', () => assertWorktrees(world))
  await holds('I10 ledger and repository are whole', () => assertWhole(world))
  await holds('I11 the events give the tables', () => assertFold(world))
  await holds('I14 disk use is bounded', () => assertSmall(world))
  await holds('I15 no secret is written down', () => assertNoCanary(world))
  await holds('I16 configuration and hooks are untouched', () =>
    assert.equal(configurationOf(world), diary.configuration),
  )
  await holds('work of a completed task is on the target', () => diary.assertWork(tasks))
  await holds('an agent that is talked to does each step of its session once', () => assertTalked(world))
  await holds('work is kept and judged when its processes are gone', () => assertBeats(world))
  await holds('nothing is left at work', () => world.assertQuiet())
}

const isGreen =
  (world: ChaosWorld) =>
  (commit: string): boolean =>
    !isRed(world.git('ls-tree', '-r', '--name-only', commit).split('\n'))

function assertWhole(world: ChaosWorld): void {
  assertWholeRepository(world)
  const db = new DatabaseSync(join(world.root, '.drover/drover.db'))
  try {
    assert.equal(db.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
    assert.deepEqual(db.prepare('pragma foreign_key_check').all(), [])
    const { n, last } = db.prepare('select count(*) as n, max(seq) as last from event').get() as {
      n: number
      last: number
    }
    assert.equal(n, last, 'the numbers of the events have a gap')
  } finally {
    db.close()
  }
}

const mostBytes = 64 * 1024 * 1024

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
}

function assertSmall(world: ChaosWorld): void {
  const sizes = filesBelow(join(world.root, '.drover')).map((file) => readFileSync(file).length)
  const sum = sizes.reduce((total, size) => total + size, 0)
  assert.ok(sum < mostBytes, `.drover has ${sum} bytes`)
}

function assertNoCanary(world: ChaosWorld): void {
  const found = [...filesBelow(join(world.root, '.drover')), ...filesBelow(world.marks)]
  assert.deepEqual(
    found.filter((file) => readFileSync(file).includes(canary)),
    [],
  )
}

/** As bytes, but for the one setting that drover makes. */
export function configurationOf(world: ChaosWorld): string {
  const git = join(world.root, '.git')
  const config = readFileSync(join(git, 'config'), 'utf8').replace(/\[log\]\n|\texcludeDecoration.*\n/g, '')
  const hooks = filesBelow(join(git, 'hooks')).toSorted()
  return [config, ...hooks.map((file) => `${file} ${readFileSync(file, 'utf8')}`)].join('\n')
}

/** A session goes on where it stood, whoever was killed; another begins only where a person wants the work begun anew. */
export async function assertTalked(world: World): Promise<void> {
  const anew = new Set([
    ...(await world.all('task.reopened')).map(({ task }) => task),
    ...(await world.all('task.claimed')).flatMap(({ task, data }) => (data.fresh ? [task] : [])),
  ])
  const memory = sessionsOf(remembered(world))
  // An agent names its session before it writes anything down: one that was killed in between has none to go on with.
  const begun = new Set(memory.flatMap(({ session, said }) => (said.some(isPrompt) ? [session] : [])))
  const known = Map.groupBy(await world.all('agent.session'), ({ task }) => task)
  for (const [task, said] of known) {
    const own = new Set(said.flatMap(({ data }) => (begun.has(data.session) ? [data.session] : [])))
    if (!anew.has(task)) assert.ok(own.size <= 1, `${task} has begun another session: ${[...own].join(', ')}`)
  }
  const named = new Set([...known.values()].flat().map(({ data }) => data.session))
  for (const { task, session, said } of memory) {
    const steps = said.filter(({ kind }) => kind === 'step').map(({ text }) => text)
    assert.equal(
      new Set(steps).size,
      steps.length,
      `${task} did a step of session ${session} twice: ${steps.join(', ')}`,
    )
    const isLost = said.some(({ kind }) => kind === 'lost')
    assert.ok(!isLost || named.has(session), `${task}: session ${session} was asked for, and nobody had named it`)
  }
}

const isPrompt = ({ kind }: Remembered): boolean => kind === 'prompt'

function sessionsOf(all: readonly Remembered[]): { task: string; session: string; said: readonly Remembered[] }[] {
  const by = Map.groupBy(all, ({ session }) => session)
  return [...by].map(([session, said]) => ({ session, task: said[0]!.task, said }))
}

/** A process that an agent left writes while it lives: it lived no more when the work was kept, so all it wrote has landed. */
async function assertBeats(world: ChaosWorld): Promise<void> {
  for (const { task, attempt, at, data } of await world.all('task.passed')) {
    const file = join(world.marks, `beat-${task}-${attempt}`)
    if (!existsSync(file) || data.commit === null) continue
    const [count = 0, last = 0] = readFileSync(file, 'utf8').split(' ').map(Number)
    const kept = Number(world.git('show', `${data.commit}:work/late-${task}`))
    assert.ok(last <= at, `${task}/${attempt} passed ${last - at} ms before its last process ended`)
    assert.ok(kept >= count, `${task}/${attempt}: its last process wrote ${count} times, and ${kept} of them are kept`)
  }
}
