import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeTravellers } from '../support/travelling.ts'
import type { World } from '../support/world.ts'

/** A run with this planted in it; false when it never came to that. */
async function struck(world: World, point: string, nth: number, what: string): Promise<boolean> {
  const log = join(world.folder, 'points')
  rmSync(log, { force: true })
  const project = await world.projectId()
  const env = { NODE_ENV: 'test', DROVER_FAULTS: JSON.stringify({ faults: [{ point, nth, what }], log, project }) }
  Object.assign(world.env, env)
  const running = world.start('run')
  for (const name of Object.keys(env)) delete world.env[name]
  await running.ended
  return existsSync(log) && readFileSync(log, 'utf8').includes('! ')
}

const moments = [
  ...['refresh', 'share', 'move', 'follow'].flatMap((name) =>
    ['before', 'after'].map((moment) => [`workspace ${name} ${moment}`, 'daemon'] as const),
  ),
  ...(['daemon', 'group', 'machine', 'git', 'orphan'] as const).flatMap((what) => [
    ['git push during', what] as const,
    ['git ls-remote during', what] as const,
  ]),
  ['git push after', 'group'],
  ['git update-ref during', 'group'],
  ['step move branch done', 'daemon'],
] as const

test('wherever drover dies on the way to the remote, each task lands there once', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const world = worlds[0]!
  const added: string[] = []
  let strikes = 0
  for (const [i, [point, what]] of moments.entries())
    for (const nth of [1, 2]) {
      const id = `t${i}-${nth}`
      added.push(id)
      await world.add(id, `echo ${id} > ${id}.txt`)
      if (await struck(world, point, nth, what)) strikes++
      await world.run()
      assert.equal(await world.status(id), 'completed', `${point} ${nth} ${what}`)
      assert.deepEqual(remote.landed(), added, `${point} ${nth} ${what}`)
      assert.equal((await world.task(id)).landedCommit, remote.tip(), `${point} ${nth} ${what}`)
    }
  t.diagnostic(`${strikes} strikes at ${moments.length} points`)
  assert.ok(strikes > moments.length)
  assert.equal(world.git('rev-parse', 'main'), remote.tip())
  assert.equal(world.git('status', '--porcelain'), '')
  assert.deepEqual(remote.refs('refs/drover/wip/'), {})
  await assertInvariants(world, () => true)
})

test('a landing whose reply was lost is found on the remote', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const world = worlds[0]!
  await world.add('one', 'echo 1 > one.txt')
  // The refs are there; the connection is not.
  const lost = join(world.marks, 'lost')
  remote.hook('post-receive', `if grep -q refs/heads/main; then echo lost >> '${lost}'; kill -9 $PPID; fi`)
  await world.run()
  assert.equal(world.marked('lost').length, 1)
  assert.deepEqual(remote.landed(), ['one'])
  assert.equal((await world.task('one')).landedCommit, remote.tip())
  assert.equal((await world.all('landing.refused')).length, 0)
})

test('work whose way to the remote was cut after it arrived is not taken for that of another machine', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const world = worlds[0]!
  await world.add('one', 'echo 1 > one.txt')
  const lost = join(world.marks, 'lost')
  remote.hook(
    'post-receive',
    `if grep -q refs/drover/wip; then [ -f '${lost}' ] || { echo lost >> '${lost}'; kill -9 $PPID; }; fi`,
  )
  await world.run()
  assert.equal(world.marked('lost').length, 1)
  assert.deepEqual(remote.landed(), ['one'])
})
