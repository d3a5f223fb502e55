import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { execute, makeRepo, type Repo } from '../support/repo.ts'

const all = { all: true, dryRun: false }

test('prune never loses work', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const at = async (task: string) => {
    const { path } = await repo.at(workspace, task)
    await repo.write(`${task}.txt`, task, path)
    return path
  }
  const [free, rests, works] = [await at('free'), await at('rests'), await at('works')]
  await workspace.release('free')
  await repo.keep(workspace, 'rests')
  await repo.write('later.txt', 'after it was kept', rests)
  assert.deepEqual((await workspace.prune({ all: false, dryRun: true })).removed, [free])
  assert.equal(await repo.has('a.txt', free), true)
  assert.deepEqual((await workspace.prune({ all: false, dryRun: false })).removed, [free])
  const { removed, kept } = await workspace.prune({ all: true, dryRun: false })
  assert.deepEqual([removed, kept], [[rests], [{ path: works, why: 'the attempt of works is not over' }]])
  assert.equal(repo.git('show', 'refs/drover/rescue/free/1:free.txt'), 'free')
  assert.equal(repo.git('show', 'refs/drover/rescue/rests/1:rests.txt'), 'rests')
  assert.equal(repo.git('show', 'refs/drover/rescue/rests/1:later.txt'), 'after it was kept')
  assert.equal(repo.git('worktree', 'list').split('\n').length, 2)
  assert.deepEqual(await workspace.worktrees(), [{ path: works, task: 'works', state: 'used', dirty: true }])
})

test('a worktree that is being made ready stays, whoever prunes', async (t) => {
  const repo = await makeRepo(t)
  const seen: unknown[] = []
  const workspace = repo.open({
    setup: async () => {
      seen.push(await workspace.prune(all))
      return null
    },
  })
  for (const task of ['begins', 'begins-later']) {
    const { path } = await repo.at(workspace, task)
    assert.deepEqual(seen.pop(), { removed: [], kept: [{ path, why: 'it is being made ready' }] })
    assert.equal(await repo.read('b.txt', path), 'b\n')
    await workspace.release(task)
  }
})

test('an attempt that begins while its worktree is taken away finds all that was in it', async (t) => {
  const repo = await makeRepo(t)
  for (const order of ['prune first', 'attempt first']) {
    const workspace = repo.open()
    const { path } = await resting(repo, workspace, order.replace(' ', '-'))
    const prune = () => workspace.prune(all)
    const begin = () => repo.at(workspace, order.replace(' ', '-'), { attempt: 2 })
    const [begun] =
      order === 'prune first'
        ? (await Promise.all([prune(), begin()])).toReversed()
        : await Promise.all([begin(), prune()])
    const there = begun as { path: string }
    assert.equal(await repo.read('half.txt', there.path), 'half done')
    const kept = await repo.keep(workspace, order.replace(' ', '-'), 2)
    assert.deepEqual(kept.files.toSorted(), ['half.txt'], `${order}: ${path} loses nothing`)
    assert.equal(repo.git('show', `${kept.commit}:a.txt`), 'one\ntwo\nthree')
  }
})

test('an attempt whose worktree was taken away in its middle goes on from what was kept of it', async (t) => {
  const repo = await makeRepo(t)
  await resting(repo, repo.open(), 'parts')
  await repo.commit({ 'c.txt': 'c\n' })
  const base = repo.tip()
  assert.equal((await repo.open().prune(all)).removed.length, 1)
  const workspace = repo.open()
  const again = await repo.at(workspace, 'parts')
  assert.equal(await repo.read('half.txt', again.path), 'half done')
  assert.notEqual(again.base, base)
  await workspace.release('parts')
  const anew = await repo.at(workspace, 'parts', { fresh: true })
  assert.equal(await repo.has('half.txt', anew.path), false)
})

test('the worktree of a task that is at work stays, though its work is kept', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await resting(repo, workspace, 'checked')
  const kept = [{ path, why: 'checked is at work' }]
  assert.deepEqual(await workspace.prune({ ...all, isAtWork }), { removed: [], kept })
  assert.deepEqual(await workspace.prune({ ...all, dryRun: true, isAtWork }), { removed: [], kept })
  assert.deepEqual((await workspace.prune(all)).removed, [path])
})

test('the worktree in which a gate runs stays', async (t) => {
  const repo = await makeRepo(t)
  const pruned: unknown[] = []
  const { run } = repo.options().system
  const workspace = repo.open({
    system: {
      ...repo.options().system,
      run: async (...words) => {
        pruned.push(await workspace.prune(all))
        return run(...words)
      },
    },
  })
  const wanted = { commit: repo.tip(), command: 'cat a.txt', timeoutMs: 5000, logFile: join(repo.home, 'log') }
  const { passed } = await workspace.gate({ ...wanted, fresh: false }, new AbortController().signal)
  assert.equal(passed, true)
  const path = join(repo.root, '.drover/worktrees/_gate')
  assert.deepEqual(pruned, [{ removed: [], kept: [{ path, why: 'the gate runs in it' }] }])
  assert.deepEqual((await workspace.prune(all)).removed, [path])
})

test('whoever looks at a worktree that is taken away is told what was kept of it', async (t) => {
  const repo = await makeRepo(t)
  const daemon = repo.open()
  for (const [task, moment] of [
    ['early', 'before'],
    ['late', 'after'],
  ] as const) {
    await resting(repo, daemon, task)
    const looker = repo.open({
      exec: async (call) => {
        if (moment === 'before' && call.args.join(' ').includes('add -A')) await daemon.prune(all)
        const ended = await execute(call)
        if (moment === 'after' && call.args.join(' ').includes('add -A')) await daemon.prune(all)
        return ended
      },
    })
    assert.equal(await looker.diff(task, null, 'names'), 'half.txt\n')
    const again = await daemon.at({ task, attempt: 2, base: repo.tip(), fresh: false, from: null })
    assert.ok(!('problem' in again))
    await repo.keep(daemon, task, 2)
    const snapshot = await looker.snapshot(task, 1, repo.tip())
    assert.equal(snapshot?.commit, repo.git('rev-parse', `refs/drover/rescue/${task}/1`))
    await daemon.release(task)
  }
})

const isAtWork = async (task: string) => task === 'checked'

async function resting(repo: Repo, workspace: ReturnType<Repo['open']>, task: string): Promise<{ path: string }> {
  const worktree = await repo.at(workspace, task)
  await repo.write('half.txt', 'half done', worktree.path)
  await repo.keep(workspace, task)
  return worktree
}
