import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeRepo } from '../support/repo.ts'

for (const [how, commits] of Object.entries({ 'with commits': true, 'without a commit': false })) {
  test(`a repository inside the worktree ${how} is kept as files`, async (t) => {
    const repo = await makeRepo(t)
    const workspace = repo.open()
    const { path } = await repo.at(workspace, 'task-a')
    const inner = join(path, 'app')
    await repo.write('main.js', 'main\n', inner)
    await repo.write('.gitignore', 'dist\n', inner)
    await repo.write('dist/out.js', 'out\n', inner)
    await repo.write('.env', 'secret\n', inner)
    await repo.write('deep/own/file', 'deep\n', inner)
    repo.gitIn(inner, 'init', '-q')
    repo.gitIn(join(inner, 'deep', 'own'), 'init', '-q')
    if (commits) {
      repo.gitIn(inner, 'add', 'main.js')
      repo.gitIn(inner, 'commit', '-qm', 'inner')
    }
    await repo.write('outer.txt', 'outer\n', path)
    const kept = await repo.keep(workspace, 'task-a')
    assert.deepEqual(kept.files, ['app/.gitignore', 'app/deep/own/file', 'app/main.js', 'outer.txt'])
    assert.equal(kept.problem, null)
    assert.deepEqual(await repo.keep(workspace, 'task-a'), kept)
    await repo.write('app/more.js', 'more\n', path)
    assert.deepEqual((await repo.keep(workspace, 'task-a')).files, [
      'app/.gitignore',
      'app/deep/own/file',
      'app/main.js',
      'app/more.js',
      'outer.txt',
    ])
  })
}

test('a repository that the agent committed as a bare link is kept as files', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  const inner = join(path, 'lib')
  await repo.write('x.c', 'x\n', inner)
  repo.gitIn(inner, 'init', '-q')
  repo.gitIn(inner, 'add', '-A')
  repo.gitIn(inner, 'commit', '-qm', 'inner')
  repo.gitIn(path, '-c', 'advice.addEmbeddedRepo=false', 'add', '-A')
  repo.gitIn(path, 'commit', '-qm', 'outer')
  const kept = await repo.keep(workspace, 'task-a')
  assert.deepEqual([kept.files, kept.problem], [['lib/x.c'], null])
})

async function withSubmodule(t: Parameters<typeof makeRepo>[0]) {
  const other = await makeRepo(t)
  const repo = await makeRepo(t)
  repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.root, 'lib')
  repo.git('commit', '-qm', 'a submodule')
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  repo.gitIn(path, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init')
  return { repo, workspace, path, lib: join(path, 'lib') }
}

test('commits inside a submodule are brought to where the checkout of the user finds them', async (t) => {
  const { repo, workspace, lib } = await withSubmodule(t)
  await repo.write('a.txt', 'in the submodule\n', lib)
  repo.gitIn(lib, 'commit', '-qam', 'inside')
  const oid = repo.gitIn(lib, 'rev-parse', 'HEAD')
  const kept = await repo.keep(workspace, 'task-a')
  assert.deepEqual([kept.files, kept.problem], [['lib'], null])
  assert.equal(repo.git('rev-parse', `${kept.commit}:lib`), oid)
  assert.equal(repo.git('--git-dir', join(repo.gitDir, 'modules', 'lib'), 'cat-file', '-t', oid), 'commit')
  assert.equal((await repo.merge(workspace, kept)).outcome, 'merged')
})

test('uncommitted work inside a submodule is kept aside, and said', async (t) => {
  const { repo, workspace, lib } = await withSubmodule(t)
  await repo.write('a.txt', 'dirty\n', lib)
  const kept = await repo.keep(workspace, 'task-a')
  assert.match(kept.problem ?? '', /submodule lib has uncommitted changes/)
  assert.equal(repo.git('show', 'refs/drover/rescue/task-a/1-module-1:a.txt'), 'dirty')
})

test('a link to a commit that is nowhere cannot be landed', async (t) => {
  const { repo, workspace, path } = await withSubmodule(t)
  repo.gitIn(path, 'update-index', '--cacheinfo', `160000,${'1'.repeat(40)},lib`)
  repo.gitIn(path, 'commit', '-qm', 'a link to nowhere')
  await rename(join(path, 'lib'), join(path, '..', 'away'))
  const kept = await repo.keep(workspace, 'task-a')
  assert.match(kept.problem ?? '', /cannot be reached/)
  assert.equal((await repo.merge(workspace, kept)).outcome, 'conflict')
})
