import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { rebuild, tablesOf } from '../support/rebuild.ts'
import { makeWorld, type World } from '../support/world.ts'

const agent = join(import.meta.dirname, '../support/spending-agent.mjs')
const spending = `agent = "mine"\n[agents.mine]\nacp = "${process.execPath} ${agent}"\n[budget]\ntask_usd = 1\n`

/** Another person's clone of it, with a project of its own. */
async function cloneOf(t: TestContext, world: World): Promise<World> {
  const other = await makeWorld(t, { init: false })
  other.git('fetch', '-q', world.root, 'main')
  other.git('reset', '-q', '--hard', 'FETCH_HEAD')
  await other.ok('init')
  return other
}

const fileIn = (world: World, name = 'handover.drover'): string => join(world.folder, name)
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'))
const events = async (world: World) => (await (await world.ledger()).reading.lastSeq()) as number

test('a session goes to another clone with its history and its unfinished work, and goes on there', async (t) => {
  const world = await makeWorld(t)
  await world.ok('epic', 'add', 'The shop', '--id', 'epic-shop')
  await world.ok('epic', 'add', 'Without a task', '--id', 'epic-later')
  await world.add('done', 'echo done > done.txt', '--epic', 'epic-shop')
  await world.run()
  await world.add(
    'half',
    'if [ -e half.txt ]; then echo whole > whole.txt; else echo half > half.txt; echo 1 >> $MARKS/half; sleep 1000; fi',
  )
  await world.add('after', 'cp whole.txt after.txt', '--blocked-by', 'half')
  const daemon = await world.daemon()
  await world.untilMarked('half')
  await daemon.kill()
  const file = fileIn(world)
  const told = await world.json('export', file)
  assert.deepEqual([told.tasks, told.unfinished], [3, 1])
  assert.equal(statSync(file).mode & 0o077, 0, 'nobody else may read it')
  assert.equal(
    Object.keys(read(file)).join(' '),
    'version exportedAt exportedBy repository baseCommit project epics tasks needs completedCommits attempts hints events worktreeSnapshots',
  )

  const other = await cloneOf(t, world)
  const before = await events(other)
  assert.deepEqual((await other.json('import', file, '--dry-run')).tasks, ['done', 'half', 'after'])
  assert.match(await other.refused(2, 'import', file), /half {2}if \[ -e half\.txt \](.|\n)*needs a yes/)
  assert.equal(await events(other), before, 'nothing was written')
  await other.ok('import', file, '--yes')
  assert.deepEqual(
    [await other.status('done'), await other.status('half'), await other.status('after')],
    ['completed', 'ready', 'blocked(needs)'],
  )
  assert.equal(other.git('show', 'drover/half:half.txt'), 'half')
  const { createdBy, createdAt } = await other.task('done')
  assert.deepEqual({ createdBy, createdAt }, pick(await world.task('done')))
  const { reading } = await other.ledger()
  assert.deepEqual(await rebuild(reading), tablesOf(join(other.root, '.drover/drover.db')))

  await other.run()
  assert.equal(other.read('after.txt'), 'whole\n')
  assert.deepEqual(other.marked('half'), [], 'it went on where the other had stopped')
  await world.ok('cancel', 'half')
  await world.run(8)
})

const pick = ({ createdBy, createdAt }: { createdBy: string; createdAt: number }) => ({ createdBy, createdAt })

test('imported twice it is here once; what is new is added, and a history that went its own way is refused whole', async (t) => {
  const world = await makeWorld(t)
  await world.add('one', 'echo 1 > one.txt')
  await world.ok('export', fileIn(world))
  const other = await cloneOf(t, world)
  await other.ok('import', fileIn(world), '--yes')
  const once = await events(other)
  assert.match(await other.ok('import', fileIn(world), '--yes'), /All of it was here already/)
  assert.equal(await events(other), once)

  await world.add('two', 'echo 2 > two.txt')
  await world.ok('export', fileIn(world), '--force')
  assert.deepEqual((await other.json('import', fileIn(world), '--yes')).tasks, ['two'])

  await world.run()
  await world.ok('export', fileIn(world), '--force')
  await other.ok('cancel', 'one')
  const now = await events(other)
  assert.match(
    await other.refused(5, 'import', fileIn(world), '--yes'),
    /one is cancelled here, and "task\.claimed" does not fit/,
  )
  assert.deepEqual([await events(other), await other.status('two')], [now, 'ready'])
})

test('what an agent remembers goes on with --continue only', async (t) => {
  const world = await makeWorld(t, { settings: spending })
  await world.ok('add', 'Paint the door green', '--id', 'door')
  await world.run(8)
  assert.equal(await world.status('door'), 'blocked(budget)')
  await world.ok('export', fileIn(world))
  const [fresh, going] = [await cloneOf(t, world), await cloneOf(t, world)]
  await fresh.ok('import', fileIn(world))
  assert.deepEqual([await fresh.status('door'), (await fresh.task('door')).session], ['blocked(budget)', null])
  const ran = await going.drover('import', fileIn(world), '--continue')
  assert.equal(ran.code, 8, `it ran at once, and the door waits for a person: ${ran.stderr}`)
  assert.equal((await going.task('door')).session, 'session-door')
  assert.equal((await going.json('cost')).rows[0].usage.costUsd, 2, 'what it has cost came along')
})

test('a session of drover 0.3 brings its tasks, epics and needs', async (t) => {
  const world = await makeWorld(t)
  const row = { description: '', type: '', status: 'completed', attempts: 0, max_attempts: 3, created_at: 1795249550 }
  const document = {
    version: '1.0',
    exportedAt: '2026-11-21T08:25:59Z',
    repository: '/home/dev/project',
    tasks: [
      { ...row, id: 'task-1', title: 'Set up database schema', epic_id: 'epic-1', priority: 3 },
      { ...row, id: 'task-2', title: 'Implement user auth', epic_id: '', priority: 30, status: 'in_progress' },
      { ...row, id: 'task-2.1', title: 'Part', parent_id: 'task-2', sequence_number: 1, status: 'ready' },
    ],
    epics: [{ id: 'epic-1', title: 'My Epic', description: 'desc', status: 'open', created_at: 1795249550 }],
    dependencies: [{ task_id: 'task-2', blocked_by: 'task-1' }],
    worktrees: null,
  }
  writeFileSync(fileIn(world), JSON.stringify(document, null, 1))
  const { stderr } = await world.drover('import', fileIn(world))
  assert.match(stderr, /task-2: the priority 30 became 10/)
  assert.deepEqual([await world.status('task-1'), await world.status('task-2')], ['completed', 'ready'])
  const { imported, createdAt, epicId } = await world.task('task-1')
  assert.deepEqual([imported, createdAt, epicId], [true, 1795249550000, 'epic-1'])
  assert.equal((await world.task('task-2.1')).parentId, 'task-2')
  assert.match(await world.ok('import', fileIn(world)), /All of it was here already/)
})

test('a session that is not as it must be is refused with the place that is wrong, and nothing of it is taken', async (t) => {
  const world = await makeWorld(t)
  await world.add('one', 'echo 1 > one.txt; exit 1', '--max-attempts', '1')
  await world.run(8)
  await world.ok('export', fileIn(world))
  const sound = read(fileIn(world))
  const other = await cloneOf(t, world)
  const before = [await events(other), other.git('for-each-ref')]
  const where = (wanted: string) => sound.events.findIndex(({ type }: { type: string }) => type === wanted)
  const [created, claimed] = [where('task.created'), where('task.claimed')]
  const changed = (change: (document: typeof sound) => void) => {
    const document = structuredClone(sound)
    change(document)
    return document
  }
  const wrongs: [string, RegExp, unknown][] = [
    ['no JSON', /it is not JSON/, '{ "version": "1.1", "tasks": ['],
    ['a later version', /its version is "9\.0"/, changed((one) => (one.version = '9.0'))],
    [
      'an id that leads out',
      /events\[\d+\]\.taskId must be an id/,
      changed((one) => (one.events[created].taskId = '../../x')),
    ],
    [
      'a session that is an option',
      /data\.session must be a name/,
      changed((one) =>
        one.events.push({
          ...one.events[created],
          id: 'x',
          type: 'agent.session',
          data: { session: '--yolo', agent: 'a', account: null, model: null, version: null },
        }),
      ),
    ],
    [
      'an unknown event',
      /"task\.exploded", which this drover does not know/,
      changed((one) => (one.events[created].type = 'task.exploded')),
    ],
    [
      'facts that are missing',
      /data\.words\.title must be a text/,
      changed((one) => (one.events[created].data.words.title = 7)),
    ],
    [
      'a commit that is an option',
      /worktreeSnapshots\[0\]\.commit must be a commit/,
      changed((one) => (one.worktreeSnapshots[0].commit = '--help')),
    ],
    ['a pack that is none', /the work of one\/1/, changed((one) => (one.worktreeSnapshots[0].pack = 'AAAA'))],
    [
      'a history without its beginning',
      /is told of one, which is not there/,
      changed((one) => (one.events = one.events.slice(created + 1))),
    ],
    [
      'a move that cannot be',
      /"task\.completed" does not fit/,
      changed(
        (one) => (one.events[claimed] = { ...one.events[claimed], type: 'task.completed', data: { commit: null } }),
      ),
    ],
  ]
  for (const [name, words, document] of wrongs) {
    const file = fileIn(world, 'wrong.drover')
    writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document))
    const ran = await other.drover('import', file, '--from', 'session', '--yes')
    assert.notEqual(ran.code, 0, name)
    assert.match(ran.stderr, words, name)
    assert.equal(await events(other), before[0], name)
  }
  assert.equal(
    other.git('for-each-ref', 'refs/heads', 'refs/drover/landed'),
    world.git('for-each-ref', 'refs/heads/main'),
  )
  assert.match(await other.refused(5, 'export', fileIn(world)), /is there already(.|\n)*--force/)
})
