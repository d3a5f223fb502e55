import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { onPostgres, ownServer, type TestDatabase } from '../support/postgres.ts'
import { makeTravellers } from '../support/travelling.ts'
import type { World } from '../support/world.ts'

const machines = async (t: TestContext, database: TestDatabase, clones: number, settings = '') => {
  const { url } = await database.another()
  const { remote, worlds } = await makeTravellers(t, { clones, database: url, settings })
  return { remote, first: worlds[0]!, second: worlds[1]! }
}

const completed = (world: World, ids: readonly string[]): Promise<true> =>
  world.until('all is done', async (reading) => {
    const tasks = await Promise.all(ids.map((id) => reading.task(id)))
    return tasks.every((task) => task?.status === 'completed') ? true : undefined
  })

await onPostgres((database) => {
  test('a project in a database runs on one machine as it does on a file', async (t) => {
    const { remote, first } = await machines(t, database, 1)
    for (const n of [1, 2, 3]) await first.add(`t${n}`, `echo ${n} > file${n}`)
    for (const n of [4, 5, 6]) await first.add(`t${n}`, `cat file${n - 3} > file${n}`, '-b', `t${n - 3}`)
    await first.run()
    assert.deepEqual(remote.landed().toSorted(), ['t1', 't2', 't3', 't4', 't5', 't6'])
    assert.equal(remote.git('show', 'main:file6'), '3')
    assert.equal(
      (await first.story('t6')).join(' '),
      'task.created task.unblocked task.claimed task.started task.passed landing.intended landing.landed task.completed',
    )
  })

  test('two machines share the work of one project, and each lands on what the other landed', async (t) => {
    const { remote, first, second } = await machines(t, database, 2, 'workers = 2')
    const ids = [1, 2, 3, 4, 5, 6].map((n) => `t${n}`)
    const daemons = [await first.daemon(), await second.daemon()]
    for (const id of ids) await first.add(id, `echo ${id} > ${id}.txt; sleep 1`)
    await first.add('last', 'cat t1.txt t6.txt > last.txt', '-b', 't1', '-b', 't6')
    await completed(first, [...ids, 'last'])
    for (const daemon of daemons) daemon.send('SIGTERM')
    await Promise.all(daemons.map(({ ended }) => ended))
    assert.deepEqual(remote.landed().toSorted(), ['last', ...ids])
    assert.equal(remote.git('show', 'main:last.txt'), 't1\nt6')
    const by = new Set((await first.all('task.started')).map(({ data }) => data.machine))
    assert.deepEqual([...by].toSorted(), ['machine-1', 'machine-2'])
  })

  test('what a killed machine was doing another one does, in the same attempt and once', async (t) => {
    const { remote, first, second } = await machines(t, database, 2, 'workers = 1\nlease = "60s"')
    const alone =
      'for p in $(cat $MARKS/pids); do kill -0 $p && echo twice >> $MARKS/twice; done; echo $$ >> $MARKS/pids'
    const words = `${alone}; echo begun >> $MARKS/begun; test -f $MARKS/go || sleep 60; echo done > done.txt`
    const dies = await first.daemon()
    await first.add('one', words)
    await first.untilMarked('begun')
    await dies.kill()
    assert.match((await first.drover('doctor')).stdout, /their machine is gone: one\/1/)
    second.env['MARKS'] = first.marks
    writeFileSync(join(first.marks, 'go'), '')
    const lives = await second.daemon()
    await completed(first, ['one'])
    lives.send('SIGTERM')
    await lives.ended
    assert.deepEqual(remote.landed(), ['one'])
    assert.equal((await first.all('task.claimed')).length, 1)
    assert.equal(first.marked('begun').length, 2)
    assert.deepEqual(first.marked('twice'), [])
    rmSync(join(first.root, '.drover/run/daemon.json'))
  })

  test('work that was on a killed machine alone is done again elsewhere, and never given up as none', async (t) => {
    const { remote, first, second } = await machines(t, database, 2, 'workers = 1')
    const faults = JSON.stringify({ faults: [{ point: 'step keep before', nth: 1, what: 'daemon' }] })
    Object.assign(first.env, { NODE_ENV: 'test', DROVER_FAULTS: faults })
    const dies = first.start('daemon')
    await first.add('one', 'echo begun >> $MARKS/begun; echo done > done.txt')
    assert.equal((await dies.ended).signal, 'SIGKILL')
    for (const name of ['NODE_ENV', 'DROVER_FAULTS']) delete first.env[name]
    const lives = await second.daemon()
    await completed(first, ['one'])
    lives.send('SIGTERM')
    await lives.ended
    assert.deepEqual(remote.landed(), ['one'])
    assert.equal(remote.git('show', 'main:done.txt'), 'done')
    assert.deepEqual([first.marked('begun').length, second.marked('begun').length], [1, 1])
    assert.equal((await first.all('task.claimed')).length, 1)
    rmSync(join(first.root, '.drover/run/daemon.json'))
  })

  test('sub-tasks that passed on a killed machine are not done again elsewhere, and the next ones go on behind them', async (t) => {
    const { remote, first, second } = await machines(t, database, 2, 'workers = 1')
    const faults = JSON.stringify({ faults: [{ point: 'step keep before', nth: 2, what: 'daemon' }] })
    await first.add('one', 'cat a.txt b.txt > all.txt')
    for (const run of ['echo a >> $MARKS/begun; echo a > a.txt', 'echo b >> $MARKS/begun; cat a.txt > b.txt'])
      await first.ok('add', 'A part', '--parent', 'one', '--run', run, '--skip-validation')
    Object.assign(first.env, { NODE_ENV: 'test', DROVER_FAULTS: faults })
    const dies = first.start('daemon')
    assert.equal((await dies.ended).signal, 'SIGKILL')
    for (const name of ['NODE_ENV', 'DROVER_FAULTS']) delete first.env[name]
    const lives = await second.daemon()
    await completed(first, ['one'])
    lives.send('SIGTERM')
    await lives.ended
    assert.deepEqual(remote.landed(), ['one,one.1,one.2'])
    assert.equal(remote.git('show', 'main:all.txt'), 'a\na')
    assert.deepEqual([first.marked('begun'), second.marked('begun')], [['a', 'b'], ['b']])
    rmSync(join(first.root, '.drover/run/daemon.json'))
  })

  test('the agents of a daemon that was killed end before its lease does, when nobody takes them up', async (t) => {
    const { first } = await machines(t, database, 1, 'lease = "5s"')
    const daemon = await first.daemon()
    await first.add('one', 'echo begun >> $MARKS/begun; sleep 60')
    await first.untilMarked('begun')
    const killedAt = performance.now()
    await daemon.kill()
    await first.until('its agent is gone', async () => ((await first.processes()).length === 0 ? true : undefined))
    const took = performance.now() - killedAt
    t.diagnostic(`gone after ${Math.round(took)} ms, with a lease of 5 s`)
    assert.ok(took < 5_000, `${took} ms`)
    rmSync(join(first.root, '.drover/run/daemon.json'))
  })

  test('a task that kills its daemon each time is blocked after four, and says so', async (t) => {
    const { first } = await machines(t, database, 1, 'lease = "60s"')
    await first.add('poison', 'while sleep 0.1; do kill -9 $(cat $MARKS/daemon); done')
    for (let deaths = 0; deaths < 4; deaths++) {
      const daemon = await first.daemon()
      writeFileSync(join(first.marks, 'daemon'), String(daemon.pid))
      await daemon.ended
      rmSync(join(first.marks, 'daemon'))
    }
    const daemon = await first.daemon()
    await first.untilStatus('poison', 'blocked(attempts)')
    assert.match(await first.ok('why', 'poison'), /took its machine with it 4 times in a row/)
    assert.deepEqual(
      (await first.processes()).filter(({ mark }) => mark.startsWith('DROVER_RUN_ID')),
      [],
    )
    daemon.send('SIGTERM')
    await daemon.ended
    assert.equal((await first.all('task.claimed')).length, 1)
  })

  test('what runs when the database is away for longer than the lease goes on in the same attempt, once', async (t) => {
    const server = await ownServer()
    const { remote, worlds } = await makeTravellers(t, { database: server.url, settings: 'lease = "3s"' })
    t.after(() => server[Symbol.asyncDispose]())
    const world = worlds[0]!
    const daemon = await world.daemon()
    const alone =
      'for p in $(cat $MARKS/pids); do kill -0 $p && echo twice >> $MARKS/twice; done; echo $$ >> $MARKS/pids'
    await world.add('one', `${alone}; echo begun >> $MARKS/begun; test -f $MARKS/go || sleep 60; echo done > done.txt`)
    await world.untilMarked('begun')
    await server.crash()
    const pid = Number(world.marked('pids')[0])
    while (isThere(pid)) await wait(50)
    writeFileSync(join(world.marks, 'go'), '')
    await server.start()
    await completed(world, ['one'])
    daemon.send('SIGTERM')
    await daemon.ended
    assert.deepEqual(remote.landed(), ['one'])
    assert.equal(world.marked('begun').length, 2)
    assert.deepEqual(world.marked('twice'), [])
    assert.equal((await world.all('task.claimed')).length, 1)
  })

  test('who is told to stop while the database is away ends all the same, and what it had goes on later', async (t) => {
    const server = await ownServer()
    const { remote, worlds } = await makeTravellers(t, { database: server.url })
    t.after(() => server[Symbol.asyncDispose]())
    const world = worlds[0]!
    const daemon = await world.daemon()
    await world.add(
      'one',
      'echo begun >> $MARKS/begun; until test -f $MARKS/go; do sleep 0.1; done; echo done > done.txt',
    )
    await world.untilMarked('begun')
    await server.crash()
    const from = performance.now()
    daemon.send('SIGTERM')
    const late = setTimeout(() => daemon.send('SIGKILL'), 60_000)
    const { code, signal, stderr } = await daemon.ended
    clearTimeout(late)
    t.diagnostic(`ended after ${Math.round(performance.now() - from)} ms`)
    assert.deepEqual([code, signal], [75, null], stderr)
    assert.match(stderr, /error\[ledger-away\]/)
    await server.start()
    writeFileSync(join(world.marks, 'go'), '')
    const next = await world.daemon()
    await completed(world, ['one'])
    next.send('SIGTERM')
    await next.ended
    assert.deepEqual(remote.landed(), ['one'])
  })
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
