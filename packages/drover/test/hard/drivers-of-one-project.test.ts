import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { endIfThere, makeWorld, type Running, type World } from '../support/world.ts'

const untilGo = 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'
const work = `echo "$DROVER_TASK_ID" >> "$MARKS/starts"; ${untilGo}; echo "$DROVER_TASK_ID" > "$DROVER_TASK_ID.txt"`
const go = (world: World): void => writeFileSync(join(world.marks, 'go'), '')
const stateOf = (pid: number): string => /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? ''

async function stop(daemon: Running): Promise<void> {
  daemon.send('SIGTERM')
  await daemon.ended
}

/** Stops the whole process, as a laptop that sleeps does. */
async function suspend(world: World, one: Running): Promise<void> {
  one.send('SIGSTOP')
  await world.until('it is stopped', async () => (stateOf(one.pid) === 'T' ? true : undefined))
}

test('of two runs, or two daemons, that start at once one drives, and the other says who does', async (t) => {
  const world = await makeWorld(t)
  await world.add('once', work)
  const runs = [world.start('run'), world.start('run')]
  await world.untilMarked('starts')
  await world.until('one follows', async () =>
    runs.some((run) => run.said().includes('following it')) ? true : undefined,
  )
  assert.match(
    await world.refused(5, 'daemon'),
    /a run already drives this project: pid \d+, since .*\n\s+hint: drover daemon status/,
  )
  go(world)
  assert.deepEqual(
    (await Promise.all(runs.map(({ ended }) => ended))).map(({ code }) => code),
    [0, 0],
  )
  assert.deepEqual([world.marked('starts'), await world.status('once')], [['once'], 'completed'])

  const daemons = [world.start('daemon'), world.start('daemon')]
  const refused = await Promise.race(daemons.map(({ ended }) => ended))
  assert.equal(refused.code, 5, refused.stderr)
  const { pid } = await world.json('daemon', 'status')
  assert.match(refused.stderr, new RegExp(`pid ${pid}, since `))
  await world.ok('daemon', 'stop')
  await assertInvariants(world, () => true)
})

test('what a killed daemon left is seen through, also when its number is another program’s by now', async (t) => {
  const world = await makeWorld(t)
  await world.add('lives', work)
  const first = await world.daemon()
  await world.untilMarked('starts')
  await first.kill()
  const card = join(world.root, '.drover/run/daemon.json')
  for (const pid of [first.pid, process.pid, 1]) {
    writeFileSync(card, JSON.stringify({ ...JSON.parse(readFileSync(card, 'utf8')), pid }))
    await world.refused(6, 'daemon', 'status')
    await world.refused(6, 'daemon', 'stop')
    await world.ok('add', `A task beside ${pid}`, '--run', 'true', '--skip-validation')
  }
  // The wrapper's number is another's as well, and the agent is over: nobody else is adopted or ended.
  const file = join(world.root, '.drover/attempts/lives/1/pid')
  const [wrapper = '', start = '', boot = ''] = readFileSync(file, 'utf8').split(/\s/)
  for (const { pid } of await world.processes()) endIfThere(pid)
  await world.until('the agent is gone', async () => ((await world.processes()).length === 0 ? true : undefined))
  writeFileSync(file, `${process.pid} ${Number(start) + 1} ${boot}\n`)
  assert.notEqual(wrapper, String(process.pid))
  go(world)
  await world.run()
  assert.equal(await world.status('lives'), 'completed')
  assert.deepEqual(
    [world.marked('starts').length, (await world.task('lives')).attempts],
    [2, 0],
    JSON.stringify((await world.all('task.retried', 'lives')).map(({ data }) => [data.reason, data.error])),
  )
  await assertInvariants(world, () => true)
})

test('while drover is asleep nobody else drives; awake again it goes on as if nothing had been', async (t) => {
  const world = await makeWorld(t, { settings: 'task_timeout = "2s"\nstall_timeout = "2s"\n' })
  await world.add('sleeper', work)
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  await suspend(world, daemon)
  const begun = performance.now()
  assert.match(await world.refused(5, 'run', '-w', '2'), new RegExp(`pid ${daemon.pid}`))
  assert.match(await world.refused(5, 'daemon', 'start'), new RegExp(`pid ${daemon.pid}`))
  await world.ok('add', 'While it slept', '--id', 'later', '--run', 'true', '--skip-validation')
  await world.ok('status')
  assert.ok(performance.now() - begun < 15_000, 'somebody waited for a process that is stopped')
  daemon.send('SIGCONT')
  await world.untilStatus('later', 'completed')
  go(world)
  await world.untilStatus('sleeper', 'completed', 'failed')
  assert.equal(await world.status('sleeper'), 'completed')
  await stop(daemon)
  await assertInvariants(world, () => true)
})

test('a daemon that is killed in its sleep holds nobody up', async (t) => {
  const world = await makeWorld(t)
  await world.add('taken-over', work)
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  await suspend(world, daemon)
  await daemon.kill()
  go(world)
  await world.run()
  assert.deepEqual([world.marked('starts'), await world.status('taken-over')], [['taken-over'], 'completed'])
  await assertInvariants(world, () => true)
})

test('daemon stop to one that is asleep says so after a while, and it is not deaf when it wakes', async (t) => {
  const world = await makeWorld(t)
  const daemon = await world.daemon()
  await suspend(world, daemon)
  const stopping = world.start('daemon', 'stop')
  await world.ok('status')
  daemon.send('SIGCONT')
  assert.equal((await stopping.ended).code, 0)
  assert.equal((await daemon.ended).code, 0)
})

test('fifty commands at once while a run goes on: all succeed, none is lost, none is slow', async (t) => {
  const world = await makeWorld(t, { settings: 'workers = 2\n' })
  await world.add('goes-on', work)
  for (let n = 0; n < 10; n++) await world.add(`idle-${n}`, 'true', '-b', 'goes-on')
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  const alone = performance.now()
  await world.ok('status')
  // Where the machine is slow, never slower than one after another.
  const limit = Math.max(10_000, 50 * (performance.now() - alone))
  const took: number[] = []
  const timed = async (...words: string[]) => {
    const begun = performance.now()
    const ran = await world.drover(...words)
    took.push(performance.now() - begun)
    assert.equal(ran.code, 0, `${words.join(' ')}: ${ran.stderr}`)
    return ran.stdout
  }
  const said = await Promise.all(
    Array.from({ length: 50 }, (_, n) => {
      if (n % 5 === 1) return timed('pause', `idle-${Math.floor(n / 5)}`)
      if (n % 5 === 2) return timed('status', '--json')
      if (n % 5 === 3) return timed('hint', 'goes-on', `hint ${n}`)
      return timed('add', `Task ${n}`, '--id', `new-${n}`, '--run', 'true', '--skip-validation')
    }),
  )
  for (const one of said.filter((text) => text.startsWith('{'))) assert.ok(JSON.parse(one).data.total > 0)
  t.diagnostic(`slowest ${Math.round(Math.max(...took))} ms of ${took.length}`)
  assert.ok(Math.max(...took) < limit, `the slowest took ${Math.round(Math.max(...took))} ms`)
  go(world)
  for (let n = 0; n < 10; n++) assert.equal(await world.status(`idle-${n}`), 'paused')
  for (let n = 0; n < 50; n++) if (n % 5 === 0 || n % 5 === 4) await world.untilStatus(`new-${n}`, 'completed')
  assert.equal((await world.all('task.hinted', 'goes-on')).length, 10)
  await world.untilStatus('goes-on', 'completed')
  await stop(daemon)
  await assertInvariants(world, () => true)
})
