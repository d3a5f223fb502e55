import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeWorld, type World } from '../support/world.ts'

const untilGo = 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'
const fileOf = (world: World): string => join(world.root, '.drover/drover.db')

/** Writes over a part of a file that exists. */
function scribble(file: string, from: number, length: number): void {
  const bytes = readFileSync(file)
  bytes.fill(0xa5, from, from + length)
  writeFileSync(file, bytes)
}

/** What may happen to the file, and what every command then says. */
const damages: Record<string, { damage: (file: string) => void; exit: number; says: RegExp }> = {
  'its header is overwritten': {
    damage: (file) => scribble(file, 0, 100),
    exit: 1,
    says: /the ledger .*drover\.db cannot be read: file is not a database/,
  },
  'its middle is overwritten': {
    damage: (file) => scribble(file, 4096, 80_000),
    exit: 1,
    says: /the ledger .*drover\.db cannot be read: database disk image is malformed/,
  },
  'it is cut short': {
    damage: (file) => truncateSync(file, 5000),
    exit: 1,
    says: /the ledger .*drover\.db cannot be read: database disk image is malformed/,
  },
  'it is empty': {
    damage: (file) => truncateSync(file, 0),
    exit: 1,
    says: /the ledger .*drover\.db cannot be read: the file is empty/,
  },
  'a folder is in its place': {
    damage: (file) => (rmSync(file), mkdirSync(file)),
    exit: 1,
    says: /the ledger .*drover\.db cannot be read: unable to open/,
  },
  'it is from the future': {
    damage: (file) => {
      const db = new DatabaseSync(file)
      db.exec('pragma user_version = 999')
      db.close()
    },
    exit: 75,
    says: /has schema 999, this drover knows \d+\n\s+hint: npm install -g drover/,
  },
}

for (const [what, { damage, exit, says }] of Object.entries(damages))
  test(`a ledger of which ${what} is refused in a line, by every command alike, and left as it is`, async (t) => {
    const world = await makeWorld(t)
    const [file, kept] = [fileOf(world), join(world.folder, 'whole.db')]
    copyFileSync(file, kept)
    damage(file)
    const before =
      existsSync(file) && readdirSync(join(world.root, '.drover')).includes('drover.db') ? bytesOf(file) : ''
    const ran = await Promise.all(
      [['status'], ['add', 'A task', '--skip-validation'], ['run']].map((words) => world.drover(...words)),
    )
    for (const { code, stderr } of ran) {
      assert.equal(code, exit, stderr)
      assert.match(stderr, says)
      assert.ok(stderr.trim().split('\n').length <= 2, stderr)
    }
    const doctor = await world.drover('doctor')
    assert.equal(doctor.code, 1, doctor.stderr)
    assert.match(doctor.stdout, /✗ {2}ledger .*\n {3}→ /)
    assert.equal(bytesOf(file), before)
    rmSync(file, { recursive: true })
    renameSync(kept, file) // so that the world can be looked at again
  })

const bytesOf = (file: string): string => {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return 'a folder'
  }
}

test('after the remedy that doctor names for a broken ledger drover works again, and the branch has what landed', async (t) => {
  const world = await makeWorld(t)
  await world.add('landed', 'echo 1 > one.txt')
  await world.run()
  const file = fileOf(world)
  scribble(file, 0, 100)
  const [, remedy] = /✗ {2}ledger .*\n {3}→ (.*?) {3}\(/.exec((await world.drover('doctor')).stdout)!
  const drover = `drover() { '${process.execPath}' '${new URL('../../src/main.ts', import.meta.url).pathname}' "$@"; }`
  const mended = spawnSync('sh', ['-c', `${drover}; ${remedy!}`], { cwd: world.root, env: world.env, encoding: 'utf8' })
  assert.equal(mended.status, 0, mended.stderr)
  await world.add('next', 'cat one.txt > two.txt')
  await world.run()
  assert.equal(world.git('show', 'main:two.txt'), '1')
})

for (const [how, damage] of [
  ['is gone', (wal: string) => rmSync(wal)],
  ['is garbage', (wal: string) => scribble(wal, 0, 64)],
] as const)
  test(`a ledger whose log ${how} after a kill goes on from what it remembers, and lands nothing twice`, async (t) => {
    const world = await makeWorld(t)
    await world.add('before', 'echo 0 > zero.txt')
    await world.run()
    await world.add('landed', 'echo 1 > one.txt')
    await world.add('works', `echo in >> "$MARKS/starts"; ${untilGo}; echo 2 > two.txt`)
    const daemon = world.start('daemon')
    await world.untilStatus('landed', 'completed')
    await world.untilMarked('starts')
    await daemon.kill()
    writeFileSync(join(world.marks, 'go'), '')
    const [file, wal] = [fileOf(world), `${fileOf(world)}-wal`]
    for (const one of [file, wal]) copyFileSync(one, `${one}.then`)
    await closeLedger(world) // which tidies the log away
    for (const one of [file, wal]) renameSync(`${one}.then`, one)
    damage(wal)
    assert.equal(await world.status('before'), 'completed')
    await world.run()
    assert.deepEqual([await world.status('landed'), await world.status('works')], ['completed', 'completed'])
    assert.equal(world.git('log', '--format=%s', 'main', '--', 'one.txt').split('\n').length, 1, 'it landed twice')
    assert.equal(world.git('show', 'main:two.txt'), '2')
    assert.deepEqual(world.marked('starts'), ['in'], 'the agent that lived was not started again')
  })

/** Lets go of the file; whoever asks next opens it anew. */
async function closeLedger(world: World): Promise<void> {
  await (await world.ledger()).ledger.close()
  Object.assign(world, { opened: undefined })
}

for (const [what, remove] of [
  [
    'the ledger is',
    (world: World) => ['', '-wal', '-shm'].forEach((end) => rmSync(`${fileOf(world)}${end}`, { force: true })),
  ],
  ['.drover is', (world: World) => rmSync(join(world.root, '.drover'), { recursive: true, force: true })],
] as const)
  test(`when ${what} deleted under a daemon, it ends, keeps a copy, and the next command says how to go on`, async (t) => {
    const world = await makeWorld(t)
    await world.add('done', 'echo 1 > one.txt')
    await world.add('works', `echo in >> "$MARKS/starts"; ${untilGo}; echo 2 > two.txt`)
    const daemon = world.start('daemon')
    await world.untilStatus('done', 'completed')
    await world.untilMarked('starts')
    await closeLedger(world)
    remove(world)
    const ended = await daemon.ended
    assert.equal(ended.code, 1, ended.stderr)
    assert.match(
      ended.stderr,
      /error\[ledger-gone\]: the ledger .* was deleted or replaced .*\n\s+hint: mkdir -p .* && cp .*\/\.git\/drover-ledger-\w+\.db/,
    )
    const words = await world.refused(3, 'status')
    const [, remedy] = /the ledger of .* is gone; drover kept a copy of it\n\s+hint: (mkdir .*)/.exec(words)!
    assert.equal(spawnSync('sh', ['-c', remedy!], { cwd: world.root }).status, 0)
    writeFileSync(join(world.marks, 'go'), '')
    await world.run()
    assert.deepEqual([await world.status('done'), await world.status('works')], ['completed', 'completed'])
    assert.equal((await world.task('works')).attempts, 0)
    assert.equal(world.git('show', 'main:two.txt'), '2')
    await assertInvariants(world, () => true)
  })

test('a ledger on a disk that is read-only is told from a broken one', async (t) => {
  const world = await makeWorld(t)
  await world.add('task', 'true')
  if (!mountOver(t, world, 'ro')) return
  for (const words of [['status'], ['add', 'A task', '--skip-validation'], ['run'], ['daemon', 'start']]) {
    const said = await world.refused(1, ...words)
    assert.match(said, /^error\[unwritable-ledger\]: the ledger .* cannot be written: .*\n {2}hint: ls -l .*\n$/)
  }
  assert.match((await world.drover('doctor')).stdout, /✗ {2}ledger .* cannot be written.*\n {3}→ ls -l/)
})

/** Lays `.drover` over itself with these options, until the test is over. */
function mountOver(t: TestContext, world: World, options: string): boolean {
  const folder = join(world.root, '.drover')
  const mounts = [
    ['--bind', folder, folder],
    ['-o', `remount,bind,${options}`, folder],
  ].map((args) => spawnSync('mount', args, { encoding: 'utf8' }))
  const close = world.close.bind(world)
  world.close = async () => {
    spawnSync('umount', ['-l', folder])
    await close()
  }
  if (mounts.every(({ status }) => status === 0)) return true
  t.skip(`A READ-ONLY DISK WAS NOT TRIED: mount says ${mounts.map(({ stderr }) => stderr).join(' ')}`)
  return false
}

test('a daemon that may not write any more ends with a word, and the next start goes on where it was', async (t) => {
  const world = await makeWorld(t)
  await world.add('works', `echo in >> "$MARKS/starts"; ${untilGo}; echo 2 > two.txt`)
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  const limited = spawnSync('prlimit', ['--pid', String(daemon.pid), '--fsize=1'], { encoding: 'utf8' })
  if (limited.error) return t.skip(`A LIMIT WAS NOT TRIED: ${limited.error.message}`)
  writeFileSync(join(world.marks, 'go'), '')
  const ended = await daemon.ended
  assert.equal(ended.code, 1, ended.stderr)
  assert.match(
    ended.stderr,
    /error\[unwritable-ledger\]: the ledger .* cannot be written: disk I\/O error\n {2}hint: .*ulimit -f\n$/,
  )
  await world.run()
  assert.deepEqual(world.marked('starts'), ['in'])
  assert.deepEqual([await world.status('works'), (await world.task('works')).attempts], ['completed', 0])
  await assertInvariants(world, () => true)
})
