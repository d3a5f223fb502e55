import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertInvariants } from '../support/invariants.ts'
import { makeWorld, type World } from '../support/world.ts'

const mib = 1024 * 1024

/** A world whose `.drover` is a small disk of its own; nothing when this machine does not let us mount one. */
async function onSmallDisk(t: TestContext, size: number, settings = ''): Promise<World | undefined> {
  const world = await makeWorld(t, { settings, init: false, files: { '.gitignore': '.drover\n' } })
  const disk = join(world.root, '.drover')
  mkdirSync(disk)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'drover-test', disk], { encoding: 'utf8' })
  if (mounted.status !== 0) {
    t.skip(`A DISK THAT IS FULL WAS NOT TRIED: mount says ${mounted.stderr || mounted.error}`)
    return undefined
  }
  const close = world.close.bind(world)
  world.close = async () => {
    if (world.has('.drover/ballast')) rmSync(join(disk, 'ballast'))
    await (await world.ledger()).ledger.close()
    spawnSync('umount', ['-l', disk])
    await close()
  }
  await world.ok('init')
  return world
}

/** Leaves so many MiB of the small disk. */
function fill(world: World, left: number): void {
  rmSync(join(world.root, '.drover/ballast'), { force: true })
  const { bavail, bsize } = statfsSync(join(world.root, '.drover'))
  writeFileSync(join(world.root, '.drover/ballast'), Buffer.alloc(Math.max(0, bavail * bsize - left * mib)))
}
const free = (world: World): void => rmSync(join(world.root, '.drover/ballast'))

test('on a disk that is nearly full nothing begins, it is said, and it goes on by itself', async (t) => {
  const world = await onSmallDisk(t, 64)
  if (!world) return
  await world.add('waits', 'echo 1 > one.txt')
  fill(world, 2)
  const run = world.start('run')
  const [waiting] = await world.until('it waits', async () => {
    const found = await world.all('run.waiting')
    return found.length > 0 ? found : undefined
  })
  assert.match(waiting!.data.why, /the disk of .*\.drover has 1\.\d MiB free, and nothing begins below 3\.2 MiB/)
  assert.match(await world.ok('why', 'waits'), /waits is ready, but the disk of .*\n→ drover worktree prune/)
  assert.match(await world.ok('status'), /Nothing new begins: the disk of/)
  assert.match((await world.json('status')).lacks, /the disk of/)
  assert.match(run.said(), /Waiting: the disk of/)
  assert.deepEqual([await world.status('waits'), (await world.task('waits')).attempt], ['ready', 0])
  free(world)
  assert.equal((await run.ended).code, 0)
  assert.deepEqual([await world.status('waits'), (await world.task('waits')).attempts], ['completed', 0])
  assert.equal((await world.all('run.waiting')).length, 1, 'it is said once')
  assert.ok(!(await world.ok('status')).includes('Nothing new begins'))
})

const untilGo = 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'

test('an agent that ends while the disk is full to the last byte loses nothing, and no attempt', async (t) => {
  const world = await onSmallDisk(t, 64)
  if (!world) return
  await world.add('ends', `echo 1 > one.txt; echo $$ >> "$MARKS/starts"; ${untilGo}; echo over >> "$MARKS/over"`)
  await world.add(
    'exits',
    `echo 2 > two.txt; echo $$ >> "$MARKS/starts"; ${untilGo}; echo over >> "$MARKS/over"; exit 3`,
    '--max-attempts',
    '1',
  )
  const daemon = await world.daemon()
  await world.untilMarked('starts', 2)
  fill(world, 0)
  writeFileSync(join(world.marks, 'go'), '')
  await world.untilMarked('over', 2)
  const refused = await world.refused(75, 'add', 'No room for this one', '--skip-validation')
  assert.match(refused, /there is no room on the disk for .*drover\.db\n\s+hint: df -h/)
  await world.ok('status')
  await world.until('the daemon has met it', async () =>
    /no room on the disk/.test(daemon.said() + world.log()) ? true : undefined,
  )
  free(world)
  await world.untilStatus('ends', 'completed', 'failed')
  await world.untilStatus('exits', 'failed', 'completed')
  assert.deepEqual([await world.status('ends'), (await world.task('ends')).attempts], ['completed', 0])
  assert.match((await world.task('exits')).lastError!, /exit code 3/, 'how it ended was not lost')
  assert.equal(world.marked('starts').length, 2)
  await world.ok('add', 'There is room again', '--id', 'later', '--run', 'true', '--skip-validation')
  await world.untilStatus('later', 'completed')
  daemon.send('SIGTERM')
  assert.equal((await daemon.ended).code, 0)
  await assertInvariants(world, () => true)
})

test('drover started, and stopped, on a full disk says so and comes to its end', async (t) => {
  const world = await onSmallDisk(t, 64)
  if (!world) return
  await world.add('waits', `echo $$ >> "$MARKS/starts"; ${untilGo}; echo 1 > one.txt`)
  const run = world.start('run')
  await world.untilMarked('starts')
  fill(world, 0)
  run.send('SIGINT')
  const ended = await run.ended
  assert.deepEqual([ended.code, ended.signal], [130, null], ended.stderr)
  const second = await world.drover('run')
  assert.equal(second.code, 75, second.stderr)
  assert.match(second.stderr, /there is no room on the disk/)
  assert.doesNotMatch(second.stderr, /\n\s+at /, 'no stack')
  free(world)
  writeFileSync(join(world.marks, 'go'), '')
  await world.run()
  assert.deepEqual([await world.status('waits'), (await world.task('waits')).attempts], ['completed', 0])
  await assertInvariants(world, () => true)
})

test('under a limit on the size of files drover ends with a word, and what was begun goes on without it', async (t) => {
  const world = await makeWorld(t)
  for (let n = 0; n < 3; n++) await world.add(`t${n}`, `echo ${n} > ${n}.txt`)
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const limited = spawnSync('sh', ['-c', `ulimit -f 100; exec '${process.execPath}' '${main}' run`], {
    cwd: world.root,
    env: world.env,
    encoding: 'utf8',
  })
  assert.equal(limited.status, 1, limited.stderr)
  assert.match(
    limited.stderr,
    /error\[unwritable-ledger\]: the ledger .* cannot be written: .*\n {2}hint: .*ulimit -f\n$/,
  )
  assert.doesNotMatch(limited.stderr, /\n\s+at /)
  await world.run()
  for (let n = 0; n < 3; n++)
    assert.deepEqual([await world.status(`t${n}`), (await world.task(`t${n}`)).attempts], ['completed', 0])
  await assertInvariants(world, () => true)
})
