import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { nextLedger, nextWorkflow, otherDrover } from '../support/other-drover.ts'
import { onPostgres, type TestDatabase } from '../support/postgres.ts'
import { makeTravellers } from '../support/travelling.ts'
import { makeWorld, type Running, type World } from '../support/world.ts'

const settings = 'workers = 1\nlease = "3s"'
const onFile = (t: TestContext): Promise<World> => makeWorld(t, { settings })
const onDatabase = async (t: TestContext, database: TestDatabase, clones = 1): Promise<World[]> => {
  const { url } = await database.another()
  const { worlds } = await makeTravellers(t, { clones, database: url, settings })
  for (const world of worlds) world.env['MARKS'] = worlds[0]!.marks
  return worlds
}

/** A command that says each time that it begins, whether another one still works, and ends when it may. */
const alone = 'for p in $(cat $MARKS/pids); do kill -0 $p && echo twice >> $MARKS/twice; done; echo $$ >> $MARKS/pids'
const slowly = (id: string): string =>
  `${alone}; echo ${id} >> $MARKS/begun; until test -f $MARKS/go; do sleep 0.1; done; echo ${id} > ${id}.txt`

/** One task at work, one that waits for it and one for a slot. */
async function inTheMiddle(world: World): Promise<void> {
  await world.add('one', slowly('one'))
  await world.untilMarked('begun')
  await world.add('two', 'cat one.txt > two.txt', '-b', 'one')
  await world.add('three', 'echo three > three.txt')
}

const mayEnd = (world: World): void => writeFileSync(join(world.marks, 'go'), '')

async function stop(daemon: Running): Promise<void> {
  daemon.send('SIGTERM')
  assert.equal((await daemon.ended).code, 0)
}

async function die(world: World, daemon: Running): Promise<void> {
  await daemon.kill()
  rmSync(join(world.root, '.drover/run/daemon.json'), { force: true })
}

/** Each task is done once, and no agent met another. */
async function assertWhole(world: World, ids: readonly string[]): Promise<void> {
  for (const id of ids) await world.untilStatus(id, 'completed')
  const landed = (await world.all('landing.landed')).map(({ task }) => task ?? '')
  assert.deepEqual(landed.toSorted(), ids.toSorted())
  assert.deepEqual(world.marked('twice'), [])
  assert.deepEqual(
    (await Promise.all(ids.map((id) => world.task(id)))).map(({ attempts }) => attempts),
    ids.map(() => 0),
    'nothing of it counts',
  )
}

const ids = ['one', 'two', 'three']

/** A run in the middle, its daemon ended by this; another package goes on to the end. */
async function upgraded(world: World, end: (world: World, daemon: Running) => Promise<void>): Promise<void> {
  const before = await world.daemon()
  await inTheMiddle(world)
  await end(world, before)
  world.program = otherDrover(world.folder, '8.1.0')
  assert.equal(await world.ok('version'), 'drover 8.1.0\n')
  mayEnd(world)
  const after = await world.daemon()
  await assertWhole(world, ids)
  await stop(after)
}

test('a new package goes on with the run of an old one that was stopped in order', async (t) => {
  await upgraded(await onFile(t), (_, daemon) => stop(daemon))
})

test('a new package goes on with the run of an old one that was killed, in the same attempt', async (t) => {
  const world = await onFile(t)
  await upgraded(world, die)
  assert.equal((await world.all('task.claimed', 'one')).length, 1)
})

test('a newer workflow takes up what an older one has begun', async (t) => {
  const world = await onFile(t)
  const before = await world.daemon()
  await inTheMiddle(world)
  await die(world, before)
  world.program = nextWorkflow(world.folder)
  mayEnd(world)
  const after = await world.daemon()
  await assertWhole(world, ids)
  assert.equal((await world.all('task.claimed', 'one')).length, 1, 'in the same attempt')
  await stop(after)
})

test('what a newer workflow has begun an older drover leaves alone and says so, and the newer one goes on', async (t) => {
  const world = await onFile(t)
  const old = world.program
  world.program = nextWorkflow(world.folder)
  const newer = world.program
  const before = await world.daemon()
  await inTheMiddle(world)
  await die(world, before)
  world.program = old
  const said = await world.refused(75, 'run')
  assert.match(said, /error\[newer-work\]: one\/1 was begun by a newer drover, whose workflow \(drover-wf-2\)/)
  assert.match(said, /npm install -g drover@latest/)
  assert.match(await world.ok('why', 'one'), /waits for a machine with a newer drover \(drover-wf-2\)/)
  assert.equal(await world.status('one'), 'in_progress')
  world.program = newer
  mayEnd(world)
  const after = await world.daemon()
  await assertWhole(world, ids)
  assert.equal((await world.all('task.claimed', 'one')).length, 1, 'in the same attempt')
  await stop(after)
})

/** A newer drover is only looked with, and has changed the tables under a daemon. */
async function changedUnder(world: World): Promise<void> {
  const old = await world.daemon()
  await inTheMiddle(world)
  const before = world.program
  world.program = nextLedger(world.folder)
  await world.ok('status')
  const { code, stderr } = await old.ended
  assert.equal(code, 75, stderr)
  assert.match(stderr, /error\[newer-ledger\]: .* has schema \d+, this drover knows \d+/)
  assert.match(stderr, /npm install -g drover@latest/)
  const newer = world.program
  world.program = before
  assert.match(await world.refused(75, 'daemon'), /newer-ledger/)
  world.program = newer
  mayEnd(world)
  const after = await world.daemon()
  await assertWhole(world, ids)
  await stop(after)
}

test('a daemon under which a newer drover changed the tables ends in order, and the newer one goes on', async (t) => {
  await changedUnder(await onFile(t))
})

await onPostgres((database) => {
  test('in a database a daemon ends in order as well when its tables have become newer', async (t) => {
    const [world] = await onDatabase(t, database)
    await changedUnder(world!)
  })

  test('in a database, a new package goes on with what an old one did, stopped or killed', async (t) => {
    const [world] = await onDatabase(t, database)
    await upgraded(world!, (_, daemon) => stop(daemon))
    const [other] = await onDatabase(t, database)
    await upgraded(other!, die)
    assert.equal((await other!.all('task.claimed', 'one')).length, 1)
  })

  test('machines with different packages work side by side, and take over from each other', async (t) => {
    const [first, second] = (await onDatabase(t, database, 2)) as [World, World]
    second.program = otherDrover(second.folder, '8.1.0')
    const old = await first.daemon()
    await inTheMiddle(first)
    const next = await second.daemon()
    await first.untilStatus('three', 'completed')
    assert.equal((await first.all('task.started', 'three'))[0]?.data.machine, 'machine-2')
    await die(first, old)
    mayEnd(first)
    await assertWhole(first, ids)
    assert.equal((await first.all('task.claimed', 'one')).length, 1)
    await stop(next)
  })

  test('a newer workflow leaves what an older machine does to it, and takes it up when that one is gone', async (t) => {
    const [first, second] = (await onDatabase(t, database, 2)) as [World, World]
    second.program = nextWorkflow(second.folder)
    const old = await first.daemon()
    await inTheMiddle(first)
    const next = await second.daemon()
    await first.untilStatus('three', 'completed')
    assert.equal(await first.status('one'), 'in_progress')
    await die(first, old)
    mayEnd(first)
    await assertWhole(first, ids)
    assert.equal((await first.all('task.claimed', 'one')).length, 1)
    await stop(next)
  })

  test('an older machine does what it can beside newer work that nobody here knows, and says what that waits for', async (t) => {
    const [first, second] = (await onDatabase(t, database, 2)) as [World, World]
    first.program = nextWorkflow(first.folder)
    const newer = await first.daemon()
    await inTheMiddle(first)
    await die(first, newer)
    const old = second.start('run')
    await second.untilStatus('three', 'completed')
    await second.until('it says what it waits for', async () =>
      old.said().includes('Waiting: one waits for a machine with a newer drover (drover-wf-2)') ? true : undefined,
    )
    assert.equal(await second.status('one'), 'in_progress')
    assert.match((await second.drover('doctor')).stdout, /they wait for a newer drover: one\/1 \(drover-wf-2\)/)
    assert.match(await second.ok('why', 'one'), /waits for a machine with a newer drover \(drover-wf-2\)/)
    mayEnd(first)
    const again = await first.daemon()
    assert.equal((await old.ended).code, 0, 'its run ends when all is done')
    await assertWhole(first, ids)
    assert.equal((await first.all('task.claimed', 'one')).length, 1)
    await stop(again)
  })
})
