import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { faultPoints, isFaultPoint } from '../../src/app/fault-points.ts'
import type { Fault } from '../../src/app/faults.ts'
import { moves, tellings } from '../../src/domain/moves.ts'
import { makeWorld, type Ran, type World } from '../support/world.ts'

const moving = [...new Set(Object.values(moves).flatMap((row) => Object.keys(row)))]
const moments = ['before', 'inside', 'after'] as const

/** Drover with faults planted in it, and how it ended. */
async function drover(
  world: World,
  faults: readonly Fault[],
  words: readonly string[],
  env: Record<string, string> = { NODE_ENV: 'test' },
): Promise<Ran & { signal: NodeJS.Signals | null }> {
  Object.assign(world.env, env, { DROVER_FAULTS: JSON.stringify({ faults, log: logOf(world) }) })
  const running = world.start(...words)
  for (const name of [...Object.keys(env), 'DROVER_FAULTS']) delete world.env[name]
  return running.ended
}

const logOf = (world: World): string => join(world.folder, 'points')
const passed = (world: World): string[] =>
  existsSync(logOf(world)) ? readFileSync(logOf(world), 'utf8').split('\n').filter(Boolean) : []

describe('fault points', () => {
  test('every event that moves a task, and every one that tells of it, has a point before, inside and after', () => {
    for (const type of [...moving, ...tellings])
      for (const moment of moments) assert.ok(isFaultPoint(`${type} ${moment}`), `${type} ${moment}`)
    assert.equal(isFaultPoint('task.invented before'), false)
    assert.equal(new Set(faultPoints).size, faultPoints.length)
  })

  test('a run passes the three points of every event that it writes, and none that is not in the table', async (t) => {
    const world = await makeWorld(t, { settings: '[land]\ngate = "true"\n' })
    await world.add('task-a', 'echo a > a.txt')
    await world.add('task-b', 'echo b > b.txt', '--blocked-by', 'task-a')
    const { code, stderr } = await drover(world, [], ['run'])
    assert.equal(code, 0, stderr)
    const points = new Set(passed(world))
    assert.deepEqual(
      [...points].filter((point) => !isFaultPoint(point)),
      [],
    )
    const { reading } = await world.ledger()
    const types = new Set(
      (await reading.events(0, {}, 500)).map(({ type }) => type).filter((type) => type !== 'task.created'),
    )
    assert.ok(types.has('task.unblocked') && types.has('landing.landed'))
    for (const type of types)
      for (const moment of moments) assert.ok(points.has(`${type} ${moment}`), `${type} ${moment} was not passed`)
    const others = [
      'lock',
      'workspace recover',
      'step merge',
      'agent launch',
      'command',
      'git update-ref',
      'insert step',
    ]
    for (const name of others)
      for (const moment of ['before', name.startsWith('step') ? 'kept' : 'after'])
        assert.ok(points.has(`${name} ${moment}`), `${name} ${moment} was not passed`)
  })

  test('drover dies exactly there, and what is written says so', async (t) => {
    const world = await makeWorld(t)
    const wanted = { 'task.created before': 0, 'task.created inside': 0, 'task.created after': 1 }
    for (const [point, count] of Object.entries(wanted)) {
      const { signal } = await drover(world, [{ point, nth: 1, what: 'daemon' }], ['add', 'A task', '--run', 'true'])
      assert.equal(signal, 'SIGKILL')
      assert.equal(passed(world).at(-1), `! ${point} 1 daemon`)
      assert.equal((await (await world.ledger()).reading.tasks({})).length, count, point)
    }
  })

  test('a git alone is ended, and the landing goes on to its end', async (t) => {
    const world = await makeWorld(t)
    await world.add('task-a', 'echo a > a.txt')
    const { code, stderr } = await drover(world, [{ point: 'git update-ref during', nth: 2, what: 'git' }], ['run'])
    assert.equal(code, 0, stderr)
    assert.ok(passed(world).includes('! git update-ref during 2 git'))
    assert.equal(await world.status('task-a'), 'completed')
  })

  test('outside a test they are nothing, whatever the environment says', async (t) => {
    const world = await makeWorld(t)
    for (const env of [{}, { NODE_ENV: 'production' }] as Record<string, string>[]) {
      const { code } = await drover(
        world,
        [{ point: '*', nth: 1, what: 'daemon' }],
        ['add', 'A task', '--run', 'true'],
        env,
      )
      assert.equal(code, 0)
      assert.deepEqual(passed(world), [])
    }
  })
})
