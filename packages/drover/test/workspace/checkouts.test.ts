import assert from 'node:assert/strict'
import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Merge } from '../../src/ports/workspace.ts'
import { makeRepo } from '../support/repo.ts'

/** One task that wrote these files, kept. */
async function worked(t: TestContext, files: Record<string, string>) {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  for (const [name, text] of Object.entries(files)) await repo.write(name, text, path)
  return { repo, workspace, path, kept: await repo.keep(workspace, 'task-a') }
}

const landing = async (t: TestContext, files: Record<string, string>) => {
  const made = await worked(t, files)
  const merged = (await made.repo.merge(made.workspace, made.kept)) as Merge
  const look = () => made.workspace.checkouts('trunk', merged.tip, merged.commit)
  const move = () => made.workspace.move({ task: 'task-a', branch: 'trunk', from: merged.tip, to: merged.commit })
  return { ...made, merged, look, move }
}

test('the checkout of the user moves along, and edits in other files stay', async (t) => {
  const { repo, workspace, look, move } = await landing(t, { 'a.txt': 'changed\n', 'x.txt': 'x\n' })
  await repo.write('b.txt', 'my edit\n')
  await repo.write('mine.txt', 'untracked\n')
  const { moves, blockers } = await look()
  assert.deepEqual(blockers, [])
  assert.equal(repo.git('status', '--porcelain'), 'M b.txt\n?? mine.txt')
  await move()
  assert.deepEqual(await workspace.behind('trunk'), [{ path: repo.root, by: repo.tip() }])
  assert.deepEqual(await workspace.follow(moves), [])
  assert.equal(repo.git('status', '--porcelain'), 'M b.txt\n?? mine.txt')
  assert.equal(await repo.read('a.txt'), 'changed\n')
  assert.deepEqual(await workspace.behind('trunk'), [])
  await repo.write('x.txt', 'edited afterwards\n')
  assert.deepEqual(await workspace.follow(moves), [])
  assert.equal(await repo.read('x.txt'), 'edited afterwards\n')
  assert.deepEqual(await repo.has('.git/index.lock'), false)
})

test('linked checkouts of the branch move along, other branches do not', async (t) => {
  const { repo, workspace, look, move } = await landing(t, { 'x.txt': 'x\n' })
  repo.git('switch', '-qc', 'elsewhere')
  const linked = join(repo.root, '..', 'linked')
  repo.git('worktree', 'add', '-q', linked, 'trunk')
  const { moves } = await look()
  assert.deepEqual(
    moves.map(({ path }) => path),
    [linked],
  )
  await move()
  await workspace.follow(moves)
  assert.equal(await repo.read('x.txt', linked), 'x\n')
  assert.equal(repo.gitIn(linked, 'status', '--porcelain'), '')
  assert.equal(await repo.has('x.txt'), false)
})

test('edits in files that the landing changes stand in its way, each by name', async (t) => {
  const { repo, look } = await landing(t, { 'a.txt': 'changed\n', 'b.txt': 'changed\n' })
  await repo.write('a.txt', 'my edit\n')
  await repo.write('b.txt', 'my edit\n')
  repo.git('add', 'b.txt')
  assert.deepEqual(await look(), { moves: [], blockers: [{ path: repo.root, files: ['a.txt', 'b.txt'] }] })
  repo.git('checkout', '-q', 'HEAD', '--', '.')
  assert.equal((await look()).moves.length, 1)
})

test('a file that only looks edited does not stand in the way', async (t) => {
  const { repo, workspace, look, move } = await landing(t, { 'a.txt': 'changed\n' })
  await repo.write('a.txt', await repo.read('a.txt'))
  const { moves, blockers } = await look()
  assert.deepEqual(blockers, [])
  await move()
  assert.deepEqual(await workspace.follow(moves), [])
  assert.equal(await repo.read('a.txt'), 'changed\n')
})

for (const [what, name] of [
  ['an untracked file', 'x.txt'],
  ['a file where a folder must be', 'folder'],
] as const) {
  test(`${what} is never overwritten by a landing that adds it`, async (t) => {
    const { repo, look } = await landing(t, { 'x.txt': 'x\n', 'folder/y.txt': 'y\n' })
    await repo.write(name, 'precious\n')
    assert.deepEqual((await look()).blockers, [{ path: repo.root, files: [name] }])
    assert.equal(await repo.read(name), 'precious\n')
  })
}

test('an ignored .env of the user is never overwritten by a task that adds one', async (t) => {
  const { repo, workspace, path } = await worked(t, {})
  await repo.write('.env', 'theirs\n', path)
  repo.gitIn(path, 'add', '-f', '.env')
  repo.gitIn(path, 'commit', '-qm', 'add .env')
  await repo.write('.env', 'precious\n')
  const merged = (await repo.merge(workspace, await repo.keep(workspace, 'task-a'))) as Merge
  assert.deepEqual((await workspace.checkouts('trunk', merged.tip, merged.commit)).blockers, [
    { path: repo.root, files: ['.env'] },
  ])
  await rm(join(repo.root, '.env'))
  assert.deepEqual((await workspace.checkouts('trunk', merged.tip, merged.commit)).blockers, [])
})

test('an edit made between the look and the move is not lost: the checkout is behind, and said to be', async (t) => {
  const { repo, workspace, look, move } = await landing(t, { 'a.txt': 'changed\n', 'x.txt': 'x\n' })
  const { moves } = await look()
  await move()
  await repo.write('a.txt', 'my edit\n')
  assert.deepEqual(await workspace.follow(moves), [{ path: repo.root, files: ['a.txt'] }])
  assert.deepEqual(await workspace.behind('trunk'), [{ path: repo.root, by: repo.tip() }])
  assert.equal(await repo.read('a.txt'), 'my edit\n')

  // The next landing finds it where it really is, and brings both along.
  const next = await repo.at(workspace, 'task-b')
  await repo.write('y.txt', 'y\n', next.path)
  const merged = (await repo.merge(workspace, await repo.keep(workspace, 'task-b'))) as Merge
  assert.deepEqual((await workspace.checkouts('trunk', merged.tip, merged.commit)).blockers, [
    { path: repo.root, files: ['a.txt'] },
  ])
  repo.git('checkout', '-q', moves[0]!.from, '--', 'a.txt')
  assert.deepEqual(await repo.land(workspace, 'task-b', await repo.keep(workspace, 'task-b')), { outcome: 'landed' })
  assert.deepEqual(
    [await repo.read('a.txt'), await repo.read('x.txt'), await repo.read('y.txt')],
    ['changed\n', 'x\n', 'y\n'],
  )
  assert.equal(repo.git('status', '--porcelain'), '')
  assert.deepEqual(await workspace.behind('trunk'), [])
})

test('a link in the checkout stands in the way like a file', async (t) => {
  const { repo, look } = await landing(t, { 'x.txt': 'x\n' })
  await symlink('nowhere', join(repo.root, 'x.txt'))
  assert.deepEqual((await look()).blockers, [{ path: repo.root, files: ['x.txt'] }])
})

test('no checkout of the target, nothing to move', async (t) => {
  const { repo, look } = await landing(t, { 'x.txt': 'x\n' })
  repo.git('checkout', '-q', '--detach')
  assert.deepEqual(await look(), { moves: [], blockers: [] })
})
