import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeHard } from './hard-world.ts'

const files = { 'a.txt': 'a\n', 'b.txt': 'b\n', 'keep.txt': 'keep\n' }

/** What an agent does to its worktree before it leaves `<name>.txt` there; the file must land in every case. */
const deeds: Record<string, string> = {
  dotgit: 'echo dotgit > dotgit.txt; rm .git',
  swapped: 'echo swapped > swapped.txt; rm .git; git init -q; git add -A; git commit -qm own',
  switched: 'git switch -qc elsewhere; echo switched > switched.txt; git add -A; git commit -qm switched',
  allcommitted: 'echo allcommitted > allcommitted.txt; git add -A; git commit -qm "feat: all of it"',
  part: 'echo x > part-x.txt; git add -A; git commit -qm one; echo part > part.txt',
  amended:
    'echo 1 > amended.txt; git add -A; git commit -qm one; echo amended > amended.txt; git commit -qa --amend -m amended',
  rebased:
    'for n in 1 2 3; do echo $n > rebased.txt; git add -A; git commit -qm $n; done; git reset -q --soft HEAD~3; echo rebased > rebased.txt; git add -A; git commit -qm rebased',
  locked: 'echo locked > locked.txt; touch "$(git rev-parse --git-dir)/index.lock"',
  merging:
    'git checkout -q -b side; echo s > merging.txt; git add -A; git commit -qm s; git checkout -q --detach HEAD~1; echo m > merging.txt; git add -A; git commit -qm m; git merge -q side || echo merging > merging.txt',
  hidden:
    'echo hidden > hidden.txt; echo 2 > keep.txt; git update-index --assume-unchanged keep.txt; git add hidden.txt',
  pruned: 'echo pruned > pruned.txt; git -C "$DROVER_ROOT" worktree prune; git gc -q',
  stashed: 'echo stashed > stashed.txt; git stash -qu; git stash pop -q',
  mode: 'echo mode > mode.txt; chmod +x mode.txt',
  nested:
    'mkdir in; cd in; git init -q; echo x > x.txt; git add -A; git commit -qm x; cd ..; git add in 2>/dev/null; echo nested > nested.txt',
  replaced: 'echo replaced > replaced.txt; git replace HEAD^{tree} $(git mktree </dev/null); git config core.bare true',
}

test('whatever an agent does to its worktree, its work lands and nothing else', async (t) => {
  const world = await makeHard(t, { files, settings: 'workers = 3\n' })
  const names = Object.keys(deeds)
  for (const name of names) await world.add(name, deeds[name]!)
  await world.run()
  for (const name of names) assert.equal(world.landed(`${name}.txt`), name)
  assert.deepEqual(world.tasksOnTarget().toSorted(), names.toSorted())
  assert.equal(world.git('ls-tree', 'main', 'in/x.txt').split(' ')[0], '100644', 'no link nobody could follow')
  assert.equal(world.landed('a.txt'), 'a')
  assert.equal(world.git('show', '-s', '--format=%s', ':/feat. all of it'), 'feat: all of it')
  world.git('config', '--unset', 'core.bare')
  for (const name of world.git('for-each-ref', '--format=%(refname)', 'refs/replace').split('\n'))
    world.git('update-ref', '-d', name)
  assert.equal(world.git('status', '--porcelain'), '')
  await assertInvariants(world, () => true)
  world.assertNothingLost('x\n')
  assert.equal(world.git('show', 'side:merging.txt'), 's', 'a branch that the agent made is left alone')
})

test('an agent that removes its whole worktree is told so, and its commits are kept', async (t) => {
  const world = await makeHard(t, { files, settings: 'max_attempts = 1\n' })
  await world.add('bare-hands', 'cd ..; rm -rf "$DROVER_WORKTREE"')
  await world.add(
    'with-commit',
    'echo kept > kept.txt; git add -A; git commit -qm kept; cd ..; rm -rf "$DROVER_WORKTREE"',
  )
  await world.run(8)
  assert.match((await world.task('bare-hands')).lastError ?? '', /its worktree was removed/)
  assert.deepEqual(world.tasksOnTarget(), ['with-commit'])
  assert.equal(world.landed('kept.txt'), 'kept')
  assert.equal(world.landed('keep.txt'), 'keep', 'it is no wish to delete every file')
  await world.add('next', 'echo next > next.txt')
  await world.run(8)
  assert.equal(world.landed('next.txt'), 'next')
  await assertInvariants(world, () => true)
})

test('all files may be deleted, with the settings asked for', async (t) => {
  const world = await makeHard(t, { files })
  await world.add('empty', 'git rm -qr a.txt b.txt keep.txt')
  await world.add('everything', 'git rm -qr .', '-b', 'empty')
  await world.run(8)
  assert.equal(world.has('a.txt'), false)
  assert.match(await world.note('everything'), /\.drover\.toml.*drover resolve everything/)
  world.assertNothingLost()
  await world.ok('resolve', 'everything')
  await world.run()
  assert.equal(world.git('ls-tree', 'main'), '')
  assert.equal(world.git('status', '--porcelain'), '')
  world.assertNothingLost()
})

test('an agent that changed nothing: a command is done, an agent has to say what that means', async (t) => {
  const world = await makeHard(t, {
    files,
    settings: 'max_attempts = 1\nagent = "idle"\n[agents.idle]\ncommand = "true"\n',
  })
  await world.add('command', 'true')
  await world.ok('add', 'Do a thing', '--id', 'silent', '--skip-validation')
  await world.run(8)
  assert.equal(await world.status('command'), 'completed')
  assert.equal(await world.status('silent'), 'failed')
  assert.match((await world.task('silent')).lastError ?? '', /chang/)
  assert.equal(world.git('rev-list', '--count', 'main'), '1')
})

for (const [name, settings] of [
  ['without a gate', ''],
  ['with a gate that is green', '[land]\ngate = "true"\n'],
] as const)
  test(`an agent that moves the target itself does not get past a person, ${name}`, async (t) => {
    const world = await makeHard(t, { files, settings })
    world.git('checkout', '-q', '-b', 'mine')
    const before = world.tip
    await world.add(
      'mover',
      'echo moved > moved.txt; git add -A; git commit -qm moved; git update-ref refs/heads/main HEAD',
    )
    await world.run(8)
    assert.equal(await world.status('mover'), 'blocked(review)')
    const words = await world.note('mover')
    assert.match(words, /git update-ref refs\/heads\/main [0-9a-f]{40} [0-9a-f]{40}/)
    assert.match(words, /drover resolve mover/)
    world.assertNothingLost('moved\n')
    const [, ref, to, from] = /git update-ref (\S+) (\S+) (\S+)`/.exec(words)!
    world.git('update-ref', ref!, to!, from!)
    assert.equal(world.tip, before)
    await world.ok('resolve', 'mover')
    await world.run()
    assert.deepEqual(world.tasksOnTarget(), ['mover'])
    assert.equal(world.git('rev-parse', 'main^'), before)
    await assertInvariants(world, () => true)
  })

test('what an agent put on the target itself may stay there, when a person says so', async (t) => {
  const world = await makeHard(t, { files })
  world.git('checkout', '-q', '-b', 'mine')
  await world.add('mover', 'echo moved > moved.txt; git add -A; git commit -qm moved; git branch -qf main HEAD')
  await world.run(8)
  const moved = world.tip
  await world.ok('resolve', 'mover')
  await world.run()
  assert.equal(await world.status('mover'), 'completed')
  assert.equal(world.tip, moved)
})
