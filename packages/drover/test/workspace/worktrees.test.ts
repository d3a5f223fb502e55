import assert from 'node:assert/strict'
import { chmod, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Merge } from '../../src/ports/workspace.ts'
import { openEntries } from '../../src/workspace/worktree-file.ts'
import { makeRepo } from '../support/repo.ts'

test('a worktree is used again, clean, for the next task', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const first = await repo.at(workspace, 'task-a')
  assert.equal(await readlink(join(repo.root, '.drover/worktrees/task-a')), '_1')
  await repo.write('a.txt', 'changed\n', first.path)
  await repo.write('ignored/deep/x', 'x', first.path)
  await repo.write('inner/y', 'y', first.path)
  repo.gitIn(join(first.path, 'inner'), 'init', '-q')
  await repo.keep(workspace, 'task-a')
  await workspace.release('task-a')
  await workspace.release('task-a')
  assert.equal(await repo.has('.drover/worktrees/task-a'), false)
  await repo.commit({ 'c.txt': 'c\n' })
  const second = await repo.at(workspace, 'task-b')
  assert.deepEqual(second, { path: first.path, base: repo.tip(), found: false })
  assert.deepEqual((await readdir(second.path)).toSorted(), ['.git', '.gitignore', 'a.txt', 'b.txt', 'c.txt'])
  assert.equal(await repo.read('a.txt', second.path), 'one\ntwo\nthree\n')
  assert.equal(repo.gitIn(second.path, 'status', '--porcelain', '--branch'), '## HEAD (no branch)')
})

test('a task whose worktree was given back goes on from what was kept of it, unless it begins anew', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const first = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'half done', first.path)
  await repo.keep(workspace, 'task-a')
  await workspace.release('task-a')
  const again = await repo.at(workspace, 'task-a', { attempt: 2 })
  assert.equal(await repo.read('x.txt', again.path), 'half done')
  await workspace.release('task-a')
  const anew = await repo.at(workspace, 'task-a', { attempt: 3, fresh: true })
  assert.ok(!(await readdir(anew.path)).includes('x.txt'))
})

test('a task goes on in the worktree it had, as it was left, also after a restart', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const first = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'half done', first.path)
  await repo.keep(workspace, 'task-a')
  await repo.commit({ 'c.txt': 'c\n' })
  const restarted = repo.open()
  await restarted.recover()
  const again = await repo.at(restarted, 'task-a', { attempt: 2 })
  assert.deepEqual(again, { ...first, found: true })
  const gitFolders = [join(repo.root, '.git'), join(repo.root, '.git/worktrees/_1')]
  assert.deepEqual(await restarted.find('task-a'), { ...again, gitFolders })
  assert.equal(await repo.read('x.txt', again.path), 'half done')
})

test('a fresh attempt starts from the tip; what the last one left is kept first', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'never kept', path)
  const tip = await repo.commit({ 'c.txt': 'c\n' })
  const fresh = await repo.at(workspace, 'task-a', { attempt: 2, fresh: true })
  assert.deepEqual([fresh.base, fresh.found, await repo.has('x.txt', fresh.path)], [tip, false, false])
  assert.equal(repo.git('show', 'refs/drover/rescue/task-a/1:x.txt'), 'never kept')
  await repo.write('y.txt', 'y', fresh.path)
  const again = await repo.at(workspace, 'task-a', { attempt: 2, fresh: true })
  assert.deepEqual([again.found, await repo.has('y.txt', again.path)], [true, true])
})

test('a task whose worktree is gone goes on from what was kept, on the base it had', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path, base } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'kept', path)
  const kept = await repo.keep(workspace, 'task-a')
  await workspace.release('task-a')
  await repo.commit({ 'c.txt': 'c\n' })
  const again = await repo.at(workspace, 'task-a', { attempt: 2, from: kept.commit })
  assert.deepEqual(
    [again.base, await repo.read('x.txt', again.path), await repo.has('c.txt', again.path)],
    [base, 'kept', false],
  )
  await repo.write('y.txt', 'more', again.path)
  const more = await repo.keep(workspace, 'task-a', 2)
  assert.deepEqual([more.files, more.subjects], [['x.txt', 'y.txt'], []])
  assert.deepEqual(((await repo.merge(workspace, more)) as Merge).files, ['x.txt', 'y.txt'])
})

test('work that nobody kept is kept before its worktree is given away', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x', path)
  await workspace.release('task-a')
  await repo.at(workspace, 'task-b')
  assert.equal(repo.git('show', 'refs/drover/rescue/task-a/1:x.txt'), 'x')
})

test('twenty tasks at once have twenty worktrees', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const names = Array.from({ length: 20 }, (_, n) => `task-${n}`)
  const made = await Promise.all(names.map((name) => repo.at(workspace, name)))
  assert.equal(new Set(made.map(({ path }) => path)).size, 20)
  await Promise.all(names.map((name) => workspace.release(name)))
  const again = await Promise.all(names.map((name) => repo.at(workspace, `${name}-b`)))
  assert.equal(new Set(again.map(({ path }) => path)).size, 20)
  assert.equal(repo.git('worktree', 'list').split('\n').length, 21)
})

test('a file that was hidden from git does not survive into the next task', async (t) => {
  const repo = await makeRepo(t)
  await repo.commit({ 'dir/c.txt': 'c\n' })
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  repo.gitIn(path, 'sparse-checkout', 'set', 'nothing')
  repo.gitIn(path, 'update-index', '--assume-unchanged', 'a.txt')
  await repo.write('a.txt', 'poison\n', path)
  await workspace.release('task-a')
  const next = await repo.at(workspace, 'task-b')
  assert.equal(await repo.read('a.txt', next.path), 'one\ntwo\nthree\n')
  assert.equal(await repo.read('b.txt', next.path), 'b\n')
  assert.equal(await repo.read('dir/c.txt', next.path), 'c\n')
  assert.equal((await repo.keep(workspace, 'task-b')).commit, null)
})

test('a worktree that cannot be cleaned is made anew', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('ignored/x', 'x', path)
  await chmod(join(path, 'ignored'), 0o500)
  await repo.write('index', 'broken', join(repo.gitDir, 'worktrees', '_1'))
  await workspace.release('task-a')
  const next = await repo.at(workspace, 'task-b')
  assert.equal(repo.gitIn(next.path, 'status', '--porcelain', '--ignored'), '')
})

test('a worktree that became a link is never followed', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('precious.txt', 'precious')
  await rm(path, { recursive: true })
  await symlink(repo.root, path)
  await repo.keep(workspace, 'task-a')
  await workspace.release('task-a')
  await repo.at(workspace, 'task-b')
  assert.equal(await repo.read('precious.txt'), 'precious')
  assert.equal(repo.git('status', '--porcelain'), '?? precious.txt')
})

test('set-up is done before the worktree is given, each time it was cleaned', async (t) => {
  const repo = await makeRepo(t)
  let runs = 0
  const setup = async (path: string) => {
    runs++
    await repo.write('ignored/deps', `set up ${runs}`, path)
    return null
  }
  const workspace = repo.open({ setup })
  const first = await repo.at(workspace, 'task-a')
  assert.equal(await repo.read('ignored/deps', first.path), 'set up 1')
  await repo.at(workspace, 'task-a', { attempt: 2 })
  assert.equal(runs, 1)
  await workspace.release('task-a')
  await repo.at(workspace, 'task-b')
  assert.equal(runs, 2)
})

test('a set-up that fails is said in words, and is done again the next time', async (t) => {
  const repo = await makeRepo(t)
  const answers = ['exit code 1: no network', null]
  const workspace = repo.open({ setup: async () => answers.shift() ?? null })
  const wanted = { task: 'task-a', attempt: 1, base: repo.tip(), fresh: false, from: null }
  assert.deepEqual(await workspace.at(wanted), {
    problem: 'the worktree could not be made ready: exit code 1: no network',
  })
  assert.equal((await repo.keep(workspace, 'task-a')).commit, null)
  assert.ok('path' in (await workspace.at(wanted)))
  assert.deepEqual(answers, [])
})

test('a cache stays while it holds what the set-up left, and goes when an agent wrote into it', async (t) => {
  const repo = await makeRepo(t)
  const setup = async (path: string) => {
    if (!(await repo.has('ignored/cache/x', path))) await repo.write('ignored/cache/x', 'made', path)
    else await repo.write('ignored/reused', 'yes', path)
    return null
  }
  const workspace = repo.open({ setup, cache: ['ignored/cache', '../outside', '.git'] })
  const { path } = await repo.at(workspace, 'task-a')
  await workspace.release('task-a')
  await repo.at(workspace, 'task-b')
  assert.equal(await repo.has('ignored/reused', path), true)
  await repo.write('ignored/cache/x', 'evil', path)
  await workspace.release('task-b')
  await repo.at(workspace, 'task-c')
  assert.deepEqual([await repo.read('ignored/cache/x', path), await repo.has('ignored/reused', path)], ['made', false])
})

test('ignored files that are named for it are copied into worktrees, others are not', async (t) => {
  const repo = await makeRepo(t)
  await repo.commit({ '.worktreeinclude': '.env\nloose.txt\n' })
  await repo.write('.env', 'TOKEN=1')
  await repo.write('loose.txt', 'not ignored, so it would be committed')
  await repo.write('debug.log', 'log')
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  assert.deepEqual(
    [await repo.read('.env', path), await repo.has('loose.txt', path), await repo.has('debug.log', path)],
    ['TOKEN=1', false, false],
  )
  assert.equal((await repo.keep(workspace, 'task-a')).commit, null)
})

test('a worktree left half made by a crash is not taken for work', async (t) => {
  const repo = await makeRepo(t)
  const base = repo.tip()
  const dying = repo.open({ setup: () => Promise.reject(new Error('kill -9')) })
  await assert.rejects(repo.at(dying, 'task-a'))
  await rm(join(repo.root, '.drover/worktrees/_1/a.txt'))
  const workspace = repo.open()
  await workspace.recover()
  assert.equal((await repo.keep(workspace, 'task-a')).commit, null)
  const again = await repo.at(workspace, 'task-a')
  assert.deepEqual(again, { path: join(repo.root, '.drover/worktrees/_1'), base, found: false })
  assert.equal(await repo.has('a.txt', again.path), true)
})

test('a diff shows what is there now, else what was kept, else what landed', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  assert.equal(await workspace.diff('task-a', null, 'names'), '')
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x\n', path)
  assert.equal(await workspace.diff('task-a', null, 'names'), 'x.txt\n')
  assert.equal(repo.gitIn(path, 'status', '--porcelain'), '?? x.txt')
  const kept = await repo.keep(workspace, 'task-a')
  await workspace.release('task-a')
  assert.match(await workspace.diff('task-a', null, 'patch'), /^\+x$/m)
  assert.match(await workspace.diff('task-a', 'trunk', 'stat'), /1 file changed/)
  await repo.land(workspace, 'task-a', kept)
  assert.equal(await workspace.diff('task-a', null, 'names'), 'x.txt\n')
  await assert.rejects(workspace.diff('task-a', '--output=evil', 'patch'), { code: 'bad-value' })
})

test('what was rescued is listed, and comes back as a branch', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x\n', path)
  const { commit } = await repo.keep(workspace, 'task-a')
  assert.deepEqual(await workspace.rescues('task-a'), [
    { task: 'task-a', attempt: '1', commit, at: 1_700_000_000_000, subject: 'Work on task-a' },
  ])
  assert.deepEqual(await workspace.rescues('task'), [])
  assert.equal(await workspace.restore('task-a/1'), 'rescue/task-a-1')
  assert.equal(await workspace.restore('task-a/1'), 'rescue/task-a-1')
  assert.equal(repo.git('rev-parse', 'rescue/task-a-1'), commit)
  await assert.rejects(workspace.restore('task-a/2'), { code: 'no-rescue' })
})

test("a worktree outlives somebody's git worktree prune", async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await rm(join(path, '.git'))
  repo.git('worktree', 'prune', '--expire', 'now')
  assert.equal(repo.git('worktree', 'list').split('\n').length, 2)
})

test('a worktree that was taken, and not made ready before a crash, is nobody’s work yet', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const first = await repo.at(workspace, 'task-a')
  await repo.write('theirs.txt', 'of task-a\n', first.path)
  await repo.keep(workspace, 'task-a')
  await workspace.release('task-a')
  const tip = await repo.commit({ 'c.txt': 'c\n' })
  await openEntries(join(repo.root, '.drover/worktrees')).take('task-b', 2) // and there the machine dies
  for (const fresh of [false, true]) {
    const restarted = repo.open()
    await restarted.recover()
    const mine = await repo.at(restarted, 'task-b', { attempt: 2, fresh })
    assert.deepEqual([mine.base, mine.path], [tip, first.path])
    assert.equal(await repo.has('theirs.txt', mine.path), false)
    assert.equal(await repo.has('c.txt', mine.path), true)
  }
})
