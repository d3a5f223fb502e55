import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { asked, onPostgres, type TestDatabase } from '../support/postgres.ts'
import { addTalk, mark, steps, stop, untilRemembered, writeTalker } from '../support/talking.ts'
import { makeTravellers } from '../support/travelling.ts'
import type { Running, World } from '../support/world.ts'

const leaseMs = 3_000

/** Two machines, of which the first is in the second turn of a conversation, and the second has nothing to do. */
async function twoMachines(t: TestContext, database: TestDatabase) {
  const { url } = await database.another()
  const made = await makeTravellers(t, {
    clones: 2,
    database: url,
    settings: `workers = 1\nlease = "${leaseMs}ms"`,
    land: '[agents.claude]\npath = "../claude"',
  })
  const [first, second] = made.worlds as [World, World]
  for (const world of [first, second]) writeTalker(world)
  const leaves = await first.daemon()
  mark(first, 'begin')
  await addTalk(first, 'one', ['wait begin', 'write a.txt first', 'overloaded', 'wait go', 'write b.txt second'])
  await untilRemembered(first, 'its first turn is over', ({ text }) => text === 'overloaded')
  await first.until('the turn is shared', async () =>
    Object.keys(made.remote.refs('refs/drover/wip/one/')).length > 0 ? true : undefined,
  )
  const stays = await second.daemon()
  return { ...made, url, first, second, leaves, stays }
}

/** How long it takes from now until the other machine has its attempt, or the next one. */
async function untilTaken(world: World): Promise<number> {
  const from = performance.now()
  const { reading } = await world.ledger()
  for (; performance.now() < from + 30_000; await wait(20))
    if ((await reading.attempts('one')).at(-1)?.machine === 'machine-2') return performance.now() - from
  throw new Error(`nobody took it over: ${await world.glance()}${world.log()}`)
}

/** Its agent has no session there, and finds what the last turn left. */
async function assertGoesOn({ remote, first, second, stays }: Awaited<ReturnType<typeof twoMachines>>, claims = 1) {
  await untilRemembered(second, 'its agent is told the task', ({ kind }) => kind === 'prompt')
  assert.equal(second.read('.drover/worktrees/one/a.txt'), 'first\n')
  for (const name of ['begin', 'go']) mark(second, name)
  await second.untilStatus('one', 'completed')
  await stop(stays)
  assert.deepEqual(remote.landed(), ['one'])
  assert.equal(remote.git('show', 'main:b.txt'), 'second')
  assert.equal((await second.all('task.claimed')).length, claims)
  assert.ok(!steps(first).includes('write b.txt second'), 'the first machine has not gone on')
  assert.deepEqual(remote.refs('refs/drover/wip/'), {})
}

/** Not while it holds what others need. */
async function freeze(url: string, daemon: Running): Promise<void> {
  const open = `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`
  for (;;) {
    daemon.send('SIGSTOP')
    await wait(50)
    if ((await asked(url, open)).length === 0) return
    daemon.send('SIGCONT')
  }
}

await onPostgres((database) => {
  test('the agent of a machine that is killed goes on elsewhere from its last pushed turn', async (t) => {
    const all = await twoMachines(t, database)
    await all.leaves.kill()
    const took = await untilTaken(all.second)
    t.diagnostic(`taken over ${Math.round(took)} ms after a kill on the same host`)
    assert.ok(took <= leaseMs + 2_000, `${took} ms`)
    await assertGoesOn(all)
    rmSync(join(all.first.root, '.drover/run/daemon.json'))
  })

  test('a machine of which nothing is heard loses its attempts when its lease is over, and then knows it', async (t) => {
    const all = await twoMachines(t, database)
    await freeze(all.url, all.leaves)
    const took = await untilTaken(all.second)
    t.diagnostic(`taken over after ${Math.round(took)} ms, with a lease of ${leaseMs} ms`)
    assert.ok(took <= leaseMs + 2_000, `${took} ms`)
    assert.ok(took >= leaseMs / 2, 'it had its lease')
    await assertGoesOn(all)
    assert.deepEqual(
      (await all.second.all('machine.lost')).map(({ data, actor }) => [data.machine, actor]),
      [['machine-1', 'machine:machine-2']],
    )
    const { machines } = await all.second.json('status')
    assert.deepEqual(
      machines.map(({ name, state }: Record<string, unknown>) => [name, state]),
      [
        ['machine-1', 'lost'],
        ['machine-2', 'left'],
      ],
    )
    assert.match(await all.second.ok('status'), /Machines\n {2}machine-1 {2}lost .* ago\n {2}machine-2 {2}left .* ago/)
    all.leaves.send('SIGCONT')
    const { code, stderr } = await all.leaves.ended
    assert.equal(code, 75, stderr)
    assert.match(stderr, /error\[taken-over\]/)
  })

  test('a machine that is stopped in order hands its attempts over at once', async (t) => {
    const all = await twoMachines(t, database)
    const from = performance.now()
    await all.first.ok('daemon', 'stop')
    const took = await untilTaken(all.second)
    const whole = Math.round(performance.now() - from)
    t.diagnostic(`taken over ${Math.round(took)} ms after it had stopped, ${whole} ms after it was told to`)
    assert.ok(took < 2_000, `${took} ms`)
    assert.equal((await all.leaves.ended).code, 0)
    await assertGoesOn(all, 2)
    assert.equal((await all.second.task('one')).attempts, 0, 'none of it counts')
  })
})
