import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeHard, type HardWorld } from './hard-world.ts'

const files = { 'a.txt': 'a\n', 'in/b.txt': 'b\n', 'out/c.txt': 'c\n' }

/** Lands two tasks, one that commits by itself, and finds all of it on the target. */
async function landsTwo(world: HardWorld, before: string[] = []): Promise<void> {
  await world.add('one', 'echo one > a.txt; echo new > in/new.txt')
  await world.add('two', 'echo two > out/two.txt; git add -A; git commit -qm "feat: two"', '-b', 'one')
  await world.run()
  assert.deepEqual(world.tasksOnTarget(), [...before, 'one', 'two'])
  assert.deepEqual([world.landed('a.txt'), world.landed('out/two.txt')], ['one', 'two'])
  assert.equal(world.git('status', '--porcelain'), '')
  world.git('fsck', '--connectivity-only')
  world.assertNothingLost('new\n')
}

test('a shallow clone lands, and stays shallow', async (t) => {
  const origin = await makeHard(t, { files, init: false })
  for (const n of [1, 2, 3]) origin.commit({ 'n.txt': `${n}\n` })
  const world = await makeHard(t, {
    init: false,
    before(its) {
      rmSync(join(its.root, '.git'), { recursive: true })
      for (const name of ['README.md', '.drover.toml']) rmSync(join(its.root, name))
      its.git('clone', '-q', '--depth', '1', `file://${origin.root}`, '.')
    },
  })
  await world.ok('init')
  await landsTwo(world)
  assert.equal(world.git('rev-list', '--count', 'main'), '3')
})

test('a clone that borrows its objects lands, and has said so at init', async (t) => {
  const origin = await makeHard(t, { files, init: false })
  const world = await makeHard(t, {
    before(its) {
      rmSync(join(its.root, '.git'), { recursive: true })
      for (const name of ['README.md', '.drover.toml']) rmSync(join(its.root, name))
      its.git('clone', '-q', '--shared', origin.root, '.')
    },
  })
  await landsTwo(world)
})

test('a sparse checkout stays sparse, and what lands outside of it is on the branch', async (t) => {
  for (const more of [[], ['--sparse-index']]) {
    const world = await makeHard(t, {
      files,
      before: (its) => its.git('sparse-checkout', 'set', ...more, 'in'),
    })
    await landsTwo(world)
    assert.equal(world.has('out/two.txt'), false)
    assert.equal(world.read('in/new.txt'), 'new\n')
  }
})

test('line ends follow the configuration of the user', async (t) => {
  const world = await makeHard(t, {
    files,
    before(its) {
      its.git('config', 'core.autocrlf', 'true')
      for (const name of ['a.txt', 'in/b.txt', 'out/c.txt']) rmSync(join(its.root, name))
      its.git('checkout', '-q', '-f')
    },
  })
  await landsTwo(world)
  assert.equal(world.read('in/new.txt'), 'new\r\n')
  await world.add('crlf', 'printf "x\\r\\ny\\r\\n" > in/crlf.txt')
  await world.run()
  assert.equal(world.landed('in/crlf.txt'), 'x\ny')
})

test('a repository that takes no notice of case, and one with long object names, land', async (t) => {
  const dull = await makeHard(t, { files, before: (its) => its.git('config', 'core.ignorecase', 'true') })
  await landsTwo(dull)
  const long = await makeHard(t, { files, format: 'sha256' })
  await landsTwo(long)
  assert.equal(long.tip.length, 64)
})

test('a path with spaces, quotes, a dollar and a line break is a path', async (t) => {
  const world = await makeHard(t, { files, folder: `it's a "pro\nject" $HOME; true` })
  await landsTwo(world)
  await world.add(
    'inside',
    'cd out && drover parcel progress here && drover list --json > "$MARKS/list"; echo 3 > three.txt',
  )
  await world.run()
  assert.equal(world.landed('out/three.txt'), '3')
  assert.match(world.marked('list').join('\n'), /"inside"/)
})

test('whoever told git no name can land, and so can their agents', async (t) => {
  const world = await makeHard(t, {
    files,
    before: (its) => rmSync(join(its.env['HOME']!, '.gitconfig')),
  })
  await landsTwo(world)
  assert.match(world.git('log', '-1', '--format=%an <%ae>', 'main'), /^\S+ <\S+@\S+>$/)
})

test('worktrees may live on another disk, also behind a link', async (t) => {
  const away = mkdtempSync('/dev/shm/drover-away-')
  t.after(() => rmSync(away, { recursive: true, force: true }))
  const world = await makeHard(t, { files, settings: `[worktree]\nroot = "${away}/wt"\n` })
  await world.add('own', 'rm .git; git init -q; git add -A; git commit -qm "in its own"; echo 1 > own.txt')
  await world.run()
  assert.equal(world.landed('own.txt'), '1')
  await landsTwo(world, ['own'])
  assert.ok(existsSync(join(away, 'wt/_1/.git')))
  const link = join(world.folder, 'link')
  symlinkSync(away, link)
  const linked = await makeHard(t, { files, settings: `[worktree]\nroot = "${link}/linked"\n` })
  await landsTwo(linked)
})

test('a submodule may itself be a project', async (t) => {
  const inner = await makeHard(t, { files, init: false })
  const world = await makeHard(t, { init: false })
  world.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.root, 'sub')
  const there = ['-C', join(world.root, 'sub')]
  await world.ok(...there, 'init')
  await world.ok(...there, 'add', 'One', '--id', 'one', '--run', 'echo 1 > one.txt', '--skip-validation')
  await world.ok(...there, 'run')
  assert.equal(world.read('sub/one.txt'), '1\n')
  assert.equal(world.git('-C', 'sub', 'status', '--porcelain'), '')
})
