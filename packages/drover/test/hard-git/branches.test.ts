import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pictureOf } from '../support/invariants.ts'
import { makeHard } from './hard-world.ts'

for (const branch of ['trunk', 'release/2.x'])
  test(`work lands on ${branch} without a remote, and the checkout moves along`, async (t) => {
    const world = await makeHard(t, { branch })
    await world.add('one', 'echo 1 > one.txt')
    await world.run()
    assert.deepEqual(world.tasksOnTarget(), ['one'])
    assert.equal(world.read('one.txt'), '1\n')
    assert.equal(world.git('status', '--porcelain', '--branch'), `## ${branch}`)
    assert.equal(world.git('for-each-ref', '--format=%(refname)', 'refs/heads'), `refs/heads/${branch}`)
    world.assertNothingLost()
  })

test('a checkout on another branch, or on none, is left as it is to the last byte', async (t) => {
  const world = await makeHard(t, { files: { 'a.txt': 'a\n' } })
  world.git('checkout', '-q', '-b', 'mine')
  world.write({ 'a.txt': 'edited\n', 'new.txt': 'mine\n' })
  for (const where of ['mine', '--detach']) {
    if (where !== 'mine') world.git('checkout', '-q', where)
    const before = pictureOf(world)
    const id = `on-${where.replaceAll('-', '')}`
    await world.add(id, `echo ${id} > a.txt; echo ${id} > new.txt`)
    await world.run()
    assert.equal(pictureOf(world), before)
    assert.equal(world.landed('new.txt'), id)
  }
  world.assertNothingLost()
})

test('init where work could not land says why, and the command that helps', async (t) => {
  const world = await makeHard(t, { init: false })
  world.git('checkout', '-q', '--detach')
  assert.match(await world.refused(2, 'init'), /on no branch.*git switch/s)
  world.git('checkout', '-q', '--orphan', 'empty')
  assert.match(await world.refused(3, 'init'), /no commit yet.*git commit --allow-empty/s)
  const bare = join(world.folder, 'bare.git')
  world.git('clone', '-q', '--bare', '.', bare)
  const words = await world.refused(3, '-C', bare, 'init')
  assert.match(words, /bare repository/)
  assert.match(words, /git worktree add|git clone/)
  assert.doesNotMatch(words, /git init/)
  const nowhere = join(world.folder, 'nowhere')
  mkdirSync(nowhere)
  assert.match(await world.refused(3, '-C', nowhere, 'init'), /not in a git repository.*git init/s)
})

test('every checkout of the target moves along, wherever the person added it', async (t) => {
  const world = await makeHard(t, { files: { 'a.txt': 'a\n' } })
  world.git('checkout', '-q', '-b', 'mine')
  const second = join(world.folder, 'second checkout')
  world.git('worktree', 'add', '-q', second, 'main')
  const inSecond = (...args: string[]) => world.git('-C', second, ...args)
  await world.add('one', 'echo 1 > a.txt; echo 2 > b.txt')
  await world.run()
  assert.equal(inSecond('status', '--porcelain'), '')
  assert.equal(inSecond('show', 'HEAD:b.txt'), '2')
  assert.equal(world.read('a.txt'), 'a\n')
  assert.match(world.git('worktree', 'list'), /second checkout/)
})

test('a bare repository with worktrees around it is a project like any other', async (t) => {
  const world = await makeHard(t, { init: false })
  const [bare, checkout] = [join(world.folder, 'around', '.bare'), join(world.folder, 'around', 'main')]
  world.git('clone', '-q', '--bare', '.', bare)
  world.git('--git-dir', bare, 'worktree', 'add', '-q', checkout, 'main')
  const there = (...words: string[]) => world.ok('-C', checkout, ...words)
  await there('init')
  await there('add', 'One', '--id', 'one', '--run', 'echo 1 > one.txt', '--skip-validation')
  await there('run')
  assert.equal(world.git('-C', checkout, 'show', 'HEAD:one.txt'), '1')
  assert.equal(world.git('-C', checkout, 'status', '--porcelain'), '')
})
