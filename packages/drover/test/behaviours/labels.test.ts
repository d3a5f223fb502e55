import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { onPostgres, type TestDatabase } from '../support/postgres.ts'
import { makeTravellers } from '../support/travelling.ts'
import { makeWorld, type Running, type World } from '../support/world.ts'

const none = /is ready, but there is no machine with label gpu\./

test('a label is a word; one that is in queue_labels chooses a machine, and why says that none has it', async (t) => {
  const world = await makeWorld(t, { settings: 'queue_labels = ["gpu"]' })
  await world.add('plain', 'echo plain > plain.txt', '--label', 'backend')
  await world.add('train', 'echo train > train.txt', '--label', 'gpu,backend')
  assert.match(
    (await world.run(7)).stderr,
    /1 task is still ready: train is ready, but there is no machine with label gpu\./,
  )
  assert.deepEqual([await world.status('plain'), await world.status('train')], ['completed', 'ready'])
  const why = await world.ok('why', 'train')
  assert.match(why, none)
  assert.match(why, /drover config set machine\.labels gpu/)
  world.env['DROVER_MACHINE_LABELS'] = 'gpu'
  assert.doesNotMatch(await world.ok('why', 'train'), none)
  await world.run()
  assert.equal(await world.status('train'), 'completed')
})

const settings = 'workers = 1\nlease = "3s"'

async function machines(t: TestContext, database: TestDatabase, clones: number): Promise<World[]> {
  const { url } = await database.another()
  const { worlds } = await makeTravellers(t, { clones, database: url, settings })
  for (const world of worlds) world.env['MARKS'] = worlds[0]!.marks
  return worlds
}

/** A worker with these labels, when it drives. */
async function worker(world: World, ...labels: string[]): Promise<Running> {
  const joined = (await world.all('machine.joined')).length
  const running = world.start('worker', ...labels.flatMap((label) => ['--label', label]))
  await world.until('the worker drives', async () =>
    (await world.all('machine.joined')).length > joined && running.said().includes('works for') ? true : undefined,
  )
  return running
}

async function stop(running: Running): Promise<void> {
  running.send('SIGTERM')
  assert.equal((await running.ended).code, 0)
}

const startedOn = async (world: World, id: string): Promise<string[]> =>
  (await world.all('task.started', id)).map(({ data }) => data.machine)

await onPostgres((database) => {
  test('tasks with the label of a machine run on machines that have it, and others anywhere', async (t) => {
    const [first, second] = (await machines(t, database, 2)) as [World, World]
    const able = await worker(second, 'gpu', 'mac')
    for (const n of [1, 2, 3])
      await first.add(`gpu${n}`, `echo ${n} > gpu${n}.txt; sleep 0.5`, '--label', 'gpu,backend')
    for (const n of [1, 2, 3]) await first.add(`any${n}`, `echo ${n} > any${n}.txt`, '--label', 'backend')
    // It ends when all is done, also what only the other machine may do.
    await first.run()
    const ids = ['gpu1', 'gpu2', 'gpu3', 'any1', 'any2', 'any3']
    for (const id of ids) assert.equal(await first.status(id), 'completed', id)
    for (const id of ids.slice(0, 3)) assert.deepEqual(await startedOn(first, id), ['machine-2'])
    const { machines: shown } = await first.json('status')
    assert.deepEqual(
      shown.map(({ name, labels }: Record<string, unknown>) => [name, labels]),
      [
        ['machine-1', []],
        ['machine-2', ['gpu', 'mac']],
      ],
    )
    assert.match(await first.ok('status'), /machine-2 {2}0 of 1 at work, gpu, mac/)
    await stop(able)
    await first.add('late', 'echo late > late.txt', '--label', 'gpu')
    await first.run(7)
    const why = await first.ok('why', 'late')
    assert.match(why, none)
    assert.match(why, /machine-2 has it, and is not here/)
    assert.match(why, /drover worker --label gpu/)
  })

  test('what a machine with a label did goes on where the label is, and nowhere else', async (t) => {
    const [first, second, third] = (await machines(t, database, 3)) as [World, World, World]
    const dies = await worker(second, 'gpu')
    await first.add(
      'train',
      'echo begun >> $MARKS/begun; until test -f $MARKS/go; do sleep 0.1; done',
      '--label',
      'gpu',
    )
    await first.untilMarked('begun')
    const plain = await worker(first)
    await dies.kill()
    rmSync(join(second.root, '.drover/run/daemon.json'), { force: true })
    await first.until('its machine is lost', async () =>
      (await first.all('machine.lost')).length > 0 ? true : undefined,
    )
    // The other one works on meanwhile, and had its chance.
    await first.add('other', 'echo other > other.txt')
    await first.untilStatus('other', 'completed')
    assert.deepEqual(await startedOn(first, 'train'), ['machine-2'])
    assert.equal((await first.task('train')).status, 'in_progress')
    const able = await worker(third, 'gpu')
    await first.until('it goes on there', async (reading) =>
      (await reading.attempt('train', 1))?.machine === 'machine-3' ? true : undefined,
    )
    writeFileSync(join(first.marks, 'go'), '')
    await first.untilStatus('train', 'completed')
    assert.equal((await first.all('task.claimed', 'train')).length, 1)
    await stop(plain)
    await stop(able)
  })
})
