import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { assertInvariants } from '../support/invariants.ts'
import { makeHard, type HardWorld } from './hard-world.ts'

const files = { 'a.txt': '1\n2\n3\n4\n5\n', 'b.txt': 'b\n' }
const untilGo = 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'
const go = (world: HardWorld): void => writeFileSync(join(world.marks, 'go'), '')
const linear = (world: HardWorld): void => assert.equal(world.git('rev-list', '--merges', 'main'), '')

async function stop(daemon: Awaited<ReturnType<HardWorld['daemon']>>): Promise<void> {
  daemon.send('SIGTERM')
  await daemon.ended
}

test('work lands on a branch that was rebased on to its remote, and dependents still find what they need', async (t) => {
  const world = await makeHard(t, { files })
  const remote = join(world.folder, 'remote.git')
  world.git('clone', '-q', '--bare', '.', remote)
  world.git('remote', 'add', 'origin', remote)
  world.git('fetch', '-q')
  world.git('branch', '-q', '-u', 'origin/main')
  await world.add('one', 'sed -i s/1/one/ a.txt')
  await world.add('two', `${untilGo}; sed -i s/5/five/ a.txt`, '-b', 'one')
  await world.add('three', 'grep -q one a.txt && echo 3 > three.txt', '-b', 'two')
  const daemon = await world.daemon()
  await world.untilStatus('two', 'in_progress')
  const other = join(world.folder, 'other')
  world.git('clone', '-q', remote, other)
  writeFileSync(join(other, 'theirs.txt'), 'theirs\n')
  for (const words of [
    ['add', '-A'],
    ['commit', '-qm', 'theirs'],
    ['push', '-q'],
  ])
    world.git('-C', other, ...words)
  world.git('pull', '-q', '--rebase')
  go(world)
  await world.untilStatus('three', 'completed')
  await stop(daemon)
  assert.deepEqual(world.tasksOnTarget(), ['one', 'two', 'three'])
  assert.equal(world.read('a.txt'), 'one\n2\n3\n4\nfive\n')
  assert.equal(world.read('theirs.txt'), 'theirs\n')
  assert.equal(world.git('status', '--porcelain'), '')
  linear(world)
  world.assertNothingLost()
})

test('what the person amends stays amended, and what they reset away does not come back with other work', async (t) => {
  const world = await makeHard(t, { files })
  await world.add('one', 'sed -i s/1/one/ a.txt; echo 1 > one.txt')
  await world.add('two', 'echo 2 > two.txt', '-b', 'one')
  await world.add('amending', `${untilGo}; sed -i s/5/five/ a.txt`)
  await world.ok('need', 'add', 'amending', 'one')
  const daemon = await world.daemon('-w', '1')
  await world.untilStatus('amending', 'in_progress')
  await world.untilStatus('two', 'completed').catch(() => undefined)
  world.git('reset', '-q', '--hard', world.git('rev-parse', ':/Work on one'))
  world.write({ 'a.txt': 'ONE\n2\n3\n4\n5\n' })
  world.git('commit', '-qa', '--amend', '--no-edit')
  go(world)
  await world.untilStatus('amending', 'completed')
  await stop(daemon)
  assert.equal(world.read('a.txt'), 'ONE\n2\n3\n4\nfive\n')
  assert.equal(world.git('status', '--porcelain'), '')
  linear(world)
  world.assertNothingLost()
})

test('the target set back by two: only the work of the task lands, and whoever needs what is gone says so', async (t) => {
  const world = await makeHard(t, { files, settings: 'workers = 2\nmax_attempts = 1\n' })
  await world.add('one', 'echo 1 > one.txt')
  await world.run()
  await world.add('two', 'echo 2 > two.txt')
  await world.run()
  await world.add('late', `${untilGo}; echo late > late.txt`)
  const daemon = await world.daemon()
  await world.untilStatus('late', 'in_progress')
  world.git('reset', '-q', '--hard', 'HEAD~2')
  await world.add('needy', 'cat two.txt > needy.txt', '-b', 'two')
  await world.untilStatus('needy', 'failed')
  const why = (await world.task('needy')).lastError ?? ''
  assert.match(why, /needs two, whose work [0-9a-f]+ is not on main any more.*drover retry two --force/)
  go(world)
  await world.untilStatus('late', 'completed')
  assert.equal(world.git('ls-tree', '--name-only', 'main', 'one.txt', 'two.txt', 'late.txt'), 'late.txt')
  await world.ok('retry', 'two', '--force', '--yes')
  await world.untilStatus('two', 'completed')
  await world.ok('retry', 'needy')
  await world.untilStatus('needy', 'completed')
  await stop(daemon)
  assert.equal(world.read('needy.txt'), '2\n')
  linear(world)
  world.assertNothingLost()
})

test('work that was reverted or amended lands again when it is done again', async (t) => {
  const world = await makeHard(t, { files })
  await world.add('again', 'echo "$DROVER_ATTEMPT" > again.txt; echo same > same.txt')
  await world.run()
  world.git('revert', '--no-edit', 'HEAD')
  assert.match(await world.refused(5, 'retry', 'again'), /--force/)
  await world.ok('retry', 'again', '--force', '--yes')
  await world.run()
  assert.deepEqual([world.read('again.txt'), world.read('same.txt')], ['2\n', 'same\n'])
  world.git('revert', '--no-edit', 'HEAD')
  await world.ok('reset', 'again', '--yes')
  await world.run()
  assert.deepEqual([world.read('again.txt'), world.read('same.txt')], ['3\n', 'same\n'])
  world.git('commit', '-q', '--amend', '-m', 'my own words')
  await world.ok('retry', 'again', '--force', '--yes')
  await world.run()
  assert.equal(world.read('again.txt'), '4\n')
  assert.equal(world.git('status', '--porcelain'), '')
  linear(world)
})

test('the person commits all the time while twelve tasks land: all is there, in one line', async (t) => {
  const world = await makeHard(t, { files, settings: 'workers = 4\n' })
  const ids = Array.from({ length: 12 }, (_, n) => `t${n + 1}`)
  for (const id of ids) await world.add(id, `echo ${id} > ${id}.txt`)
  const run = world.start('run')
  const mine: string[] = []
  const { reading } = await world.ledger()
  const deadline = performance.now() + 30_000
  while ((await reading.standing()).counts.completed < ids.length) {
    assert.ok(performance.now() < deadline, await world.glance())
    const text = `mine ${mine.length}\n`
    world.write({ 'mine.txt': text })
    // A git that meets another says so, and is typed again.
    const said = ['add -A', 'commit -qam mine'].map((words) =>
      spawnSync('git', words.split(' '), { cwd: world.root, env: world.env }),
    )
    if (said.every(({ status }) => status === 0)) mine.push(text)
    await setTimeout(100) // the pace of a hand: nothing is waited for
  }
  assert.equal((await run.ended).code, 0)
  assert.deepEqual(world.tasksOnTarget().toSorted(), ids.toSorted())
  assert.ok(mine.length > 3, 'the person did commit meanwhile')
  for (const id of ids) assert.equal(world.landed(`${id}.txt`), id, 'no commit of the person undid a landing')
  linear(world)
  world.git('commit', '-qam', 'the last', '--allow-empty')
  assert.equal(world.git('status', '--porcelain'), '')
  world.assertNothingLost(...mine)
  await assertInvariants(world, () => true)
})

test('gc, prune, a stash and refs deleted by hand in the middle of work do no harm', async (t) => {
  const gate = `[ ! -f gated.txt ] || { echo in >> "$MARKS/gate"; ${untilGo}; }`
  const world = await makeHard(t, { files, settings: `[land]\ngate = '${gate}'\n` })
  world.write({ 'b.txt': 'edited\n' })
  await world.add('waits', 'echo theirs > b.txt')
  await world.add('gated', 'echo 1 > gated.txt; git add -A; git commit -qm gated')
  await world.add('works', `echo early > early.txt; echo in >> "$MARKS/works"; ${untilGo}; echo late > late.txt`)
  const daemon = await world.daemon()
  await world.untilStatus('waits', 'blocked(checkout)')
  await world.untilMarked('gate')
  await world.untilMarked('works')
  world.git('gc', '-q', '--prune=now')
  world.git('worktree', 'prune')
  for (const ref of world.git('for-each-ref', '--format=%(refname)', 'refs/drover').split('\n'))
    world.git('update-ref', '-d', ref)
  world.git('stash', '-q')
  go(world)
  for (const id of ['waits', 'gated', 'works']) await world.untilStatus(id, 'completed')
  await stop(daemon)
  world.git('reset', '-q', '--hard', 'HEAD')
  assert.equal(world.git('stash', 'list').split('\n').length, 1)
  assert.deepEqual(
    [world.landed('gated.txt'), world.landed('late.txt'), world.landed('b.txt')],
    ['1', 'late', 'theirs'],
  )
  world.letGo('b.txt')
  world.assertNothingLost()
  await assertInvariants(world, () => true)
})

test('while the person rebases the target, landings wait with a word, and go on by themselves', async (t) => {
  const world = await makeHard(t, { files })
  for (const n of [1, 2]) world.commit({ 'a.txt': `${n}\n` }, `commit ${n}`)
  spawnSync('git', ['rebase', '-q', '--onto', 'HEAD~2', 'HEAD~1', 'main'], { cwd: world.root, env: world.env })
  assert.match(world.git('status'), /rebase in progress/)
  await world.add('one', 'echo 1 > one.txt')
  const daemon = await world.daemon()
  await world.untilStatus('one', 'blocked(checkout)')
  assert.match(await world.note('one'), /rebase.*git rebase --continue/s)
  world.write({ 'a.txt': 'resolved\n' })
  world.git('add', 'a.txt')
  world.git('-c', 'core.editor=true', 'rebase', '--continue')
  await world.untilStatus('one', 'completed')
  await stop(daemon)
  assert.equal(world.git('status', '--porcelain', '--branch'), '## main')
  assert.deepEqual([world.read('one.txt'), world.read('a.txt')], ['1\n', 'resolved\n'])
  world.assertNothingLost()
})
