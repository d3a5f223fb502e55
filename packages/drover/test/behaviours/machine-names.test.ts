import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { asked, onPostgres, type TestDatabase } from '../support/postgres.ts'
import { makeTravellers } from '../support/travelling.ts'
import type { World } from '../support/world.ts'

const leaseMs = 3_000

/** Two clones that call themselves alike. */
async function namesakes(t: TestContext, database: TestDatabase, lease = leaseMs) {
  const { url } = await database.another()
  const { worlds } = await makeTravellers(t, { clones: 2, database: url, settings: `lease = "${lease}ms"` })
  const [first, second] = worlds as [World, World]
  second.env['DROVER_MACHINE_NAME'] = 'machine-1'
  return { url, first, second }
}

const forgotten = (world: World): void => rmSync(join(world.root, '.drover/run/daemon.json'), { force: true })

/** As if the processes that are known now were on another host: nobody here sees whether they live. */
const moveAway = (url: string, schema: string): Promise<unknown> =>
  asked(url, `update ${schema}.executor set host = 'elsewhere'`)

const schemaOf = async (world: World): Promise<string> =>
  `drover_${(await world.projectId()).replaceAll(/[^a-z0-9]/g, '_')}`

await onPostgres((database) => {
  test('a second machine with the name of a living one is refused, and has told nobody that it joined', async (t) => {
    const { first, second } = await namesakes(t, database)
    const lives = await first.daemon()
    const said = await second.refused(5, 'worker')
    assert.match(said, new RegExp(`a machine called machine-1 drives this project already: pid ${lives.pid} on `))
    assert.match(said, /DROVER_MACHINE_NAME=another-name drover worker/)
    assert.equal((await first.all('machine.joined')).length, 1)
    await first.add('one', 'echo one > one.txt')
    await first.untilStatus('one', 'completed')
    second.env['DROVER_MACHINE_NAME'] = 'machine-2'
    const other = await second.daemon()
    for (const daemon of [other, lives]) daemon.send('SIGTERM')
    for (const { ended } of [other, lives]) assert.equal((await ended).code, 0)
  })

  test('a machine that was killed comes back at once under its name, and so does another one under it', async (t) => {
    const { first, second } = await namesakes(t, database, 10 * 60_000)
    await (await first.daemon()).kill()
    const from = performance.now()
    const again = await first.daemon()
    t.diagnostic(`it drives ${Math.round(performance.now() - from)} ms after its start`)
    await again.kill()
    forgotten(first)
    const other = await second.daemon()
    other.send('SIGTERM')
    assert.equal((await other.ended).code, 0)
    assert.deepEqual(await first.all('machine.lost'), [])
  })

  test('of a machine elsewhere it is seen within a lease whether it lives', async (t) => {
    const { url, first, second } = await namesakes(t, database)
    const schema = await schemaOf(first)
    const lives = await first.daemon()
    await moveAway(url, schema)
    assert.match(await second.refused(5, 'worker'), /machine-1 drives this project already: pid \d+ on elsewhere/)
    await lives.kill()
    forgotten(first)
    const from = performance.now()
    const other = await second.daemon()
    assert.ok(performance.now() - from > leaseMs / 2, 'it had its lease')
    other.send('SIGTERM')
    assert.equal((await other.ended).code, 0)
  })
})
