import assert from 'node:assert/strict'
import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeRepo } from '../support/repo.ts'

test('an attempt that changed nothing leaves no commit and no ref', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const worktree = await repo.at(workspace, 'task-a')
  const kept = await repo.keep(workspace, 'task-a')
  assert.deepEqual(kept, {
    commit: null,
    base: repo.tip(),
    leftovers: false,
    claims: [],
    subjects: [],
    files: [],
    problem: null,
  })
  assert.equal(repo.git('for-each-ref', 'refs/drover', 'refs/heads/drover'), '')
  assert.equal(worktree.found, false)
})

test('leftovers are committed, with two refs at them, and twice is once', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('a.txt', 'changed\n', path)
  await repo.write('new/file.txt', 'new\n', path)
  await repo.write('ignored/x', 'x', path)
  await rm(join(path, 'b.txt'))
  const kept = await repo.keep(workspace, 'task-a')
  assert.deepEqual(kept.files, ['a.txt', 'b.txt', 'new/file.txt'])
  assert.equal(kept.leftovers, true)
  for (const ref of ['refs/drover/rescue/task-a/1', 'refs/heads/drover/task-a'])
    assert.equal(repo.git('rev-parse', ref), kept.commit)
  assert.deepEqual(await repo.keep(workspace, 'task-a'), kept)
  assert.deepEqual(await repo.keep(repo.open(), 'task-a'), kept)
  assert.equal(repo.git('fsck', '--strict', '--no-dangling'), '')
})

test('a later keeping of the same attempt is a commit on top of the earlier', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', '1', path)
  const first = await repo.keep(workspace, 'task-a')
  await repo.write('x.txt', '2', path)
  const second = await repo.keep(workspace, 'task-a')
  assert.equal(repo.git('rev-parse', `${second.commit}^`), first.commit)
  assert.equal(repo.git('show', `${second.commit}:x.txt`), '2')
  repo.gitIn(path, 'commit', '-qam', 'the agent went its own way')
  await repo.write('x.txt', '3', path)
  const third = await repo.keep(workspace, 'task-a')
  assert.equal(repo.git('show', `${third.commit}:x.txt`), '3')
  repo.git('merge-base', '--is-ancestor', second.commit!, third.commit!)
  assert.deepEqual(third.subjects, ['the agent went its own way'])
})

test('commits of the agent are kept as they are, also on a branch of its own', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path, base } = await repo.at(workspace, 'task-a')
  repo.gitIn(path, 'switch', '-qc', 'side')
  await repo.write('a.txt', 'mine\n', path)
  repo.gitIn(path, 'commit', '-qam', 'fix: the first')
  const clean = await repo.keep(workspace, 'task-a')
  assert.equal(clean.commit, repo.git('rev-parse', 'side'))
  assert.deepEqual([clean.subjects, clean.leftovers, clean.base], [['fix: the first'], false, base])
  await repo.write('a.txt', 'more\n', path)
  const dirty = await repo.keep(workspace, 'task-a')
  assert.equal(repo.git('rev-parse', `${dirty.commit}^`), clean.commit)
  assert.equal(repo.gitIn(path, 'symbolic-ref', 'HEAD'), 'refs/heads/side')
})

test('an agent that stands on the branch of its task is moved off it', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  repo.gitIn(path, 'switch', '-qc', 'drover/task-a')
  await repo.write('x.txt', 'x', path)
  repo.gitIn(path, 'add', '-A')
  repo.gitIn(path, 'commit', '-qm', 'feat: x')
  await repo.write('y.txt', 'y', path)
  const kept = await repo.keep(workspace, 'task-a')
  assert.deepEqual([kept.files, kept.subjects], [['x.txt', 'y.txt'], ['feat: x']])
  assert.equal(repo.git('rev-parse', 'drover/task-a'), kept.commit)
  await repo.land(workspace, 'task-a', kept)
  await workspace.release('task-a')
  assert.equal(repo.git('for-each-ref', 'refs/heads/drover'), '')
})

test('a branch that somebody called drover is no obstacle', async (t) => {
  const repo = await makeRepo(t)
  repo.git('branch', 'drover')
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x', path)
  const kept = await repo.keep(workspace, 'task-a')
  assert.equal(repo.git('rev-parse', 'refs/drover/rescue/task-a/1'), kept.commit)
  assert.deepEqual(await repo.land(workspace, 'task-a', kept), { outcome: 'landed' })
})

test('work on top of an older commit is not a revert of what came since', async (t) => {
  const repo = await makeRepo(t)
  const old = repo.tip()
  await repo.commit({ 'later.txt': 'later\n' })
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  repo.gitIn(path, 'reset', '-q', '--hard', old)
  await repo.write('fix.txt', 'fix\n', path)
  const kept = await repo.keep(workspace, 'task-a')
  assert.deepEqual([kept.base, kept.files], [old, ['fix.txt']])
  const merged = await repo.merge(workspace, kept)
  assert.deepEqual(merged.files, ['fix.txt'])
})

test('work on a history of its own stands on the base as its content', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path, base } = await repo.at(workspace, 'task-a')
  repo.gitIn(path, 'checkout', '-q', '--orphan', 'other')
  repo.gitIn(path, 'commit', '-qm', 'an orphan')
  await repo.write('x.txt', 'x', path)
  const kept = await repo.keep(workspace, 'task-a')
  assert.equal(repo.git('rev-parse', `${kept.commit}^1`), base)
  assert.deepEqual(kept.files, ['x.txt'])
})

for (const [how, harm] of Object.entries({
  deleted: (path: string) => rm(join(path, '.git')),
  'replaced by a repository': async (path: string) => rm(join(path, '.git')).then(() => 'init'),
  'a link elsewhere': async (path: string) => rm(join(path, '.git')).then(() => symlink('/tmp', join(path, '.git'))),
})) {
  test(`work is kept when the worktree's .git file was ${how}, and the file is put back`, async (t) => {
    const repo = await makeRepo(t)
    const workspace = repo.open()
    const { path } = await repo.at(workspace, 'task-a')
    if ((await harm(path)) === 'init') repo.gitIn(path, 'init', '-q')
    await repo.write('x.txt', 'x', path)
    const kept = await repo.keep(workspace, 'task-a')
    assert.deepEqual(kept.files, ['x.txt'])
    assert.equal(repo.gitIn(path, 'rev-parse', '--git-common-dir'), repo.gitDir)
  })
}

test('work is kept when the repository forgot the worktree', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await rm(join(repo.gitDir, 'worktrees'), { recursive: true })
  await repo.write('x.txt', 'x', path)
  assert.deepEqual((await repo.keep(workspace, 'task-a')).files, ['x.txt'])
})

test('a worktree that the agent removed does not delete every file of the project', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await rm(path, { recursive: true })
  assert.equal((await repo.keep(workspace, 'task-a')).commit, null)
  const again = await repo.at(workspace, 'task-a', { attempt: 2 })
  assert.equal(again.found, false)
  assert.equal(await repo.read('b.txt', again.path), 'b\n')
})

test('files that the index hides are kept all the same', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  repo.gitIn(path, 'update-index', '--assume-unchanged', 'a.txt')
  repo.gitIn(path, 'update-index', '--skip-worktree', 'b.txt')
  await repo.write('a.txt', 'hidden\n', path)
  await repo.write('b.txt', 'hidden too\n', path)
  assert.deepEqual((await repo.keep(workspace, 'task-a')).files, ['a.txt', 'b.txt'])
})

test('a broken index and a stale lock do not keep work from being kept', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  const index = join(repo.gitDir, 'worktrees', '_1', 'index')
  await repo.write('index', 'not an index at all', join(index, '..'))
  await repo.write('index.lock', '', join(index, '..'))
  await repo.write('x.txt', 'x', path)
  assert.deepEqual((await repo.keep(workspace, 'task-a')).files, ['x.txt'])
})

test('marker and result files are not work, unless the repository had them', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('PARCEL_DONE-task-a.md', 'PASS', path)
  await repo.write('result.json', '{}', path)
  assert.equal((await repo.keep(workspace, 'task-a')).commit, null)
  repo.gitIn(path, 'add', '-A')
  repo.gitIn(path, 'commit', '-qm', 'everything')
  await repo.write('x.txt', 'x', path)
  const kept = await repo.keep(workspace, 'task-a')
  assert.deepEqual(kept.files, ['x.txt'])
  await repo.commit({ 'result.json': '{"ours": 1}' })
  const other = await repo.at(workspace, 'task-b')
  await repo.write('result.json', '{"ours": 2}', other.path)
  assert.deepEqual((await repo.keep(workspace, 'task-b')).files, ['result.json'])
})

test('a repository with long object names works the same', async (t) => {
  const repo = await makeRepo(t, { objectFormat: 'sha256' })
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x', path)
  const inner = join(path, 'inner')
  await repo.write('y.txt', 'y', inner)
  repo.gitIn(inner, 'init', '-q')
  const kept = await repo.keep(workspace, 'task-a')
  assert.equal(kept.commit?.length, 64)
  assert.deepEqual(kept.files, ['inner/y.txt', 'x.txt'])
  assert.deepEqual(await repo.land(workspace, 'task-a', kept), { outcome: 'landed' })
  assert.equal(repo.git('fsck', '--strict', '--no-dangling'), '')
})
