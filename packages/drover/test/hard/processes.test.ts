import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { endIfThere, makeWorld, type World } from '../support/world.ts'

const note = 'echo $$ >> "$MARKS/pids"'
const sleeper = `sh -c '${note}; exec sleep 1000'`

/** What an agent can leave behind, each of which drover must find again. The last command stays, or not. */
const leavers: Record<string, string> = {
  'a session of its own': `setsid ${sleeper} > /dev/null 2>&1 &`,
  'a daemon that forked twice': `(setsid sh -c '(${note}; exec sleep 1000) > /dev/null 2>&1 &' &)`,
  'one that ignores SIGTERM': `sh -c 'trap "" TERM HUP INT; ${note}; while :; do sleep 0.2; done' &`,
  'one that is stopped': `setsid sh -c '${note}; kill -STOP $$; exec sleep 1000' > /dev/null 2>&1 &`,
  'one that keeps the output open': `setsid ${sleeper} &`,
  'one without an environment, in the group': `env -i MARKS="$MARKS" /bin/sh -c '${note}; exec sleep 1000' &`,
  'one that nohup and disown hide': `nohup ${sleeper} > /dev/null 2>&1 &`,
}

const isLiving = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))

const livingOf = (world: World): number[] => world.marked('pids').map(Number).filter(isLiving)

test('whatever an agent leaves running is gone when its attempt ends, and a process of the user’s is not', async (t) => {
  const world = await makeWorld(t)
  const mine = spawn('sleep', ['1000'], { cwd: world.root, env: world.env, stdio: 'ignore' })
  t.after(() => endIfThere(mine.pid!))
  const count = Object.keys(leavers).length
  const there = `while [ "$(wc -l < "$MARKS/pids")" -lt ${count} ]; do sleep 0.02; done`
  await world.add('leaver', `${Object.values(leavers).join('\n')}\n${there}\necho done > done.txt`)
  await world.run()
  assert.equal(world.marked('pids').length, count)
  assert.deepEqual(livingOf(world), [])
  assert.equal(await world.status('leaver'), 'completed')
  assert.ok(isLiving(mine.pid!), 'a process of the user’s was ended')
  await assertInvariants(world, () => true)
})

test('they are gone as well when the attempt is cancelled in the middle', async (t) => {
  const world = await makeWorld(t)
  const count = Object.keys(leavers).length
  await world.add('leaver', `${Object.values(leavers).join('\n')}\nexec sleep 1000`)
  const daemon = await world.daemon()
  await world.untilMarked('pids', count)
  await world.ok('cancel', 'leaver')
  await world.until('the attempt is over', async (reading) =>
    (await reading.openAttempts()).length === 0 ? true : undefined,
  )
  assert.deepEqual(livingOf(world), [])
  daemon.send('SIGTERM')
  await daemon.ended
})

test('two hundred processes, each in a session of its own, end in one grace period', async (t) => {
  const world = await makeWorld(t)
  const one = `setsid sh -c 'trap "" TERM; ${note}; while :; do sleep 5; done' > /dev/null 2>&1 &`
  await world.add('many', `n=0; while [ $n -lt 200 ]; do ${one} n=$((n+1)); done; exec sleep 1000`)
  const daemon = await world.daemon()
  await world.untilMarked('pids', 200)
  const begun = performance.now()
  await world.ok('pause', 'many')
  await world.until('the attempt is over', async (reading) =>
    (await reading.openAttempts()).length === 0 ? true : undefined,
  )
  const took = performance.now() - begun
  assert.deepEqual(livingOf(world), [])
  assert.ok(took < 6000, `it took ${Math.round(took)} ms`)
  daemon.send('SIGTERM')
  await daemon.ended
})
