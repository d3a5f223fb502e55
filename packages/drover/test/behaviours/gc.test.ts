import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asked, onPostgres } from '../support/postgres.ts'
import { makeTravellers } from '../support/travelling.ts'
import { makeWorld, type World } from '../support/world.ts'

const rows = async (world: World, query: string): Promise<number> => {
  const { ledger } = await world.ledger()
  const found = await ledger.ask(function* () {
    return [...(yield { texts: [`select count(*) as n from ${query}`], values: [] })]
  })
  return Number(found[0]!['n'])
}

/** Two tasks that are over, one at work, one that failed and is tried again, one that waits. */
async function lived(world: World): Promise<() => Promise<void>> {
  await world.add('one', 'echo one > one.txt')
  await world.add('two', 'echo two > two.txt')
  await world.add('flaky', 'test -f $MARKS/begun', '--max-attempts', '5')
  const daemon = await world.daemon()
  for (const id of ['one', 'two']) await world.untilStatus(id, 'completed')
  await world.add('slow', 'echo begun >> $MARKS/begun; sleep 60')
  await world.untilMarked('begun')
  await world.untilStatus('flaky', 'completed')
  await world.add('waits', 'true', '-b', 'slow')
  await world.ok('worktree', 'prune')
  // A task is completed a moment before its job is done.
  await world.until('only one job is left', async () =>
    (await rows(world, 'job where done = 0')) === 1 ? true : undefined,
  )
  return async () => {
    await world.ok('cancel', 'slow')
    await world.until('it is over', async (reading) => ((await reading.openAttempts()).length === 0 ? true : undefined))
    daemon.send('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  }
}

/** What people can ask for, whole. */
const story = async (world: World): Promise<string> => {
  const words = [
    ['why', 'one'],
    ['logs', 'one', '--events'],
    ['show', 'one', '--json'],
    ['rescue', 'list'],
    ['export', '-'],
  ]
  const said: string[] = []
  for (const one of words) said.push((await world.drover(...one)).stdout)
  return said.join('\n').replaceAll(/(\d+(?:ms|[smh]) ago|"exportedAt": "[^"]*")/g, '')
}

async function assertDeletes(world: World, jobs: string, steps: string, processes = 0): Promise<void> {
  const end = await lived(world)
  const [before, kept] = [await rows(world, jobs), await rows(world, steps)]
  const told = await story(world)
  assert.match(await world.ok('gc'), /Deleted 0 finished jobs with 0 steps, 0 dead processes, 0 answered requests/)
  const dry = await world.json('gc', '--older-than', '0s', '--dry-run')
  assert.equal(await rows(world, jobs), before)
  const done = await world.json('gc', '--older-than', '0s')
  assert.deepEqual(done.deleted, dry.deleted)
  assert.equal(done.deleted.jobs, before - 1, 'all but the one at work')
  assert.equal(await rows(world, jobs), 1)
  assert.equal(done.deleted.steps, kept - (await rows(world, steps)))
  assert.ok(done.deleted.steps > 5)
  assert.equal(done.deleted.processes, processes)
  assert.equal(await story(world), told)
  assert.equal(await world.status('slow'), 'in_progress')
  await end()
  await world.ok('cancel', 'waits')
  assert.match(await world.ok('gc', '--older-than', '0s'), /Deleted 1 finished job with/)
  // What is reopened begins anew, in an attempt of its own.
  await world.ok('reset', 'one', '--yes')
  await world.run()
  assert.equal((await world.task('one')).attempt, 2)
  assert.match(await world.refused(2, 'gc', '--older-than', 'soon'), /a duration like 30d/)
}

test('gc deletes finished jobs and their steps, and nothing that is at work or can be asked for', async (t) => {
  const world = await makeWorld(t, { settings: 'workers = 2' })
  await assertDeletes(world, 'job', 'step')
})

await onPostgres((database) => {
  test('gc deletes what DBOS keeps of finished jobs, and dead processes', async (t) => {
    const { url } = await database.another()
    const { worlds } = await makeTravellers(t, { database: url, settings: 'workers = 2' })
    const world = worlds[0]!
    await world.ok('gc')
    await world.run()
    const dbos = `drover_${(await world.projectId()).replaceAll(/[^a-z0-9]/g, '_')}_dbos`
    await assertDeletes(world, `${dbos}.workflow_status`, `${dbos}.operation_outputs`, 1)
    const living = `select w.workflow_uuid from ${dbos}.workflow_input as w where not exists
      (select 1 from ${dbos}.workflow_status as s where s.workflow_uuid = w.workflow_uuid)`
    assert.deepEqual(await asked(url, living), [])
  })
})
