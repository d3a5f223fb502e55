import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeHard, type HardWorld } from './hard-world.ts'

const init = 'git submodule --quiet update --init --no-fetch lib 2>/dev/null || git submodule --quiet update --init lib'

async function withSubmodule(t: TestContext): Promise<HardWorld> {
  const lib = await makeHard(t, { init: false, files: { 'lib.c': 'int x;\n' } })
  return makeHard(t, {
    files: { 'a.txt': 'a\n' },
    settings: 'max_attempts = 1\n',
    before(its) {
      appendFileSync(join(its.env['HOME']!, '.gitconfig'), '[protocol "file"]\nallow = always\n')
      its.git('submodule', '--quiet', 'add', lib.root, 'lib')
      its.commit({}, 'a submodule')
    },
  })
}

test('tasks beside a submodule leave it alone, populated in their worktree or not', async (t) => {
  const world = await withSubmodule(t)
  const before = world.git('rev-parse', 'main:lib')
  await world.add('beside', 'echo 1 > one.txt')
  await world.add('populated', `${init}; test -f lib/lib.c && echo 2 > two.txt`)
  await world.run()
  assert.equal(world.git('rev-parse', 'main:lib'), before)
  assert.equal(world.git('status', '--porcelain'), '')
  assert.equal(world.read('lib/lib.c'), 'int x;\n')
  world.assertNothingLost()
})

test('a commit made inside a submodule lands, and the person can check it out without any remote', async (t) => {
  const world = await withSubmodule(t)
  await world.add(
    'inside',
    `${init}; cd lib; echo 'int y;' > y.c; git add -A; git commit -qm inside; cd ..; echo 1 > one.txt`,
  )
  await world.run()
  assert.deepEqual(world.tasksOnTarget(), ['inside'])
  assert.equal(
    world.git('status', '--porcelain'),
    ' M lib',
    'as after a pull: the submodule itself is for the person to move',
  )
  world.git('submodule', '--quiet', 'update', '--no-fetch')
  assert.equal(world.read('lib/y.c'), 'int y;\n')
  assert.equal(world.git('status', '--porcelain'), '')
  world.assertNothingLost()
})

test('a link to a commit nobody can reach, and work left uncommitted inside, do not land, and are not lost', async (t) => {
  const world = await withSubmodule(t)
  await world.add(
    'nowhere',
    'echo 1 > one.txt; git update-index --cacheinfo 160000,1111111111111111111111111111111111111111,lib; git add one.txt; git commit -qm nowhere',
  )
  await world.add('uncommitted', `${init}; echo 'int z;' > lib/z.c; echo 2 > two.txt`)
  await world.run(8)
  assert.deepEqual(world.tasksOnTarget(), [])
  assert.match(
    (await world.task('nowhere')).lastError ?? '',
    /commit 111111111111 of the submodule lib cannot be reached/,
  )
  assert.match((await world.task('uncommitted')).lastError ?? '', /lib has uncommitted changes; commit them inside it/)
  world.assertNothingLost('1\n', '2\n', 'int z;\n')
})

test('a repository made inside the worktree lands as files, its own history or not', async (t) => {
  const world = await makeHard(t, { files: { '.gitignore': 'out/\n' } })
  await world.add('empty', 'mkdir fresh; cd fresh; git init -q; echo 1 > one.txt')
  await world.add(
    'deep',
    'mkdir -p a/b; for d in a a/b; do (cd $d; git init -q; echo $d > f.txt; git add -A; git commit -qm $d); done',
  )
  await world.add(
    'linked',
    'git clone -q "$DROVER_ROOT" copy; git add copy; git commit -qm "a link"; mkdir copy/out; echo no > copy/out/x',
  )
  await world.run()
  assert.deepEqual(world.git('ls-tree', '-r', 'main').match(/^160000/gm), null)
  assert.deepEqual(
    [world.read('fresh/one.txt'), world.read('a/b/f.txt'), world.read('copy/README.md')],
    ['1\n', 'a/b\n', '# A project\n'],
  )
  assert.equal(world.has('copy/out/x'), false)
  assert.equal(world.git('status', '--porcelain'), '')
  world.assertNothingLost('a\n')
})
