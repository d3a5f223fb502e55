import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { makeWorld, type World } from '../support/world.ts'

/** Dies at this point, which must be met. */
async function dying(world: World, point: string, ...words: string[]): Promise<void> {
  Object.assign(world.env, {
    NODE_ENV: 'test',
    DROVER_FAULTS: JSON.stringify({ faults: [{ point, nth: 1, what: 'daemon' }] }),
  })
  const { signal } = await world.start(...words).ended
  for (const name of ['NODE_ENV', 'DROVER_FAULTS']) delete world.env[name]
  assert.equal(signal, 'SIGKILL', point)
}

describe('what is killed while a project is made', () => {
  for (const point of ['migration before', 'migration after', 'insert project after', 'insert trusted before'])
    test(`init, at "${point}": the next one makes all of it, and trusts what git runs here`, async (t) => {
      const world = await makeWorld(t, { init: false })
      world.git('config', 'filter.theirs.clean', 'cat')
      await dying(world, point, 'init')
      await world.ok('init')
      const db = new DatabaseSync(join(world.root, '.drover/drover.db'), { readOnly: true })
      t.after(() => db.close())
      const trusted = db.prepare('select key, value from trusted').all()
      const ours = trusted.filter(({ key }) => String(key).endsWith(' filter.theirs.clean'))
      assert.deepEqual(
        ours.map(({ value }) => value),
        ['cat'],
      )
      await world.add('task-a', 'echo a > a.txt')
      await world.run()
      assert.equal(await world.status('task-a'), 'completed')
    })
})
