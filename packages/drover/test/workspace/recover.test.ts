import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Merge } from '../../src/ports/workspace.ts'
import type { Exec } from '../../src/workspace/git.ts'
import { execute, makeRepo } from '../support/repo.ts'

/** Runs until the `nth` call to git, which dies before or after it did its work. */
const dyingAt =
  (nth: number, when: 'before' | 'after'): Exec =>
  async (call) => {
    const isLast = --nth === 0
    if (nth < 0 || (isLast && when === 'before')) throw new Error('kill -9')
    const ended = await execute(call)
    if (isLast) throw new Error('kill -9')
    return ended
  }

test('wherever the process dies, the next one lands the work once and loses nothing', async (t) => {
  for (const when of ['before', 'after'] as const) {
    for (let nth = 1; ; nth++) {
      const repo = await makeRepo(t)
      const work = async (exec: Exec) => {
        const workspace = repo.open({ exec })
        await workspace.recover()
        const { path } = await repo.at(workspace, 'task-a')
        await repo.write('x.txt', 'x\n', path)
        await repo.write('a.txt', 'changed\n', path)
        const landed = await workspace.landed('task-a')
        if (!landed) await repo.land(workspace, 'task-a', await repo.keep(workspace, 'task-a'))
        await workspace.release('task-a')
      }
      const died = await work(dyingAt(nth, when)).then(
        () => false,
        () => true,
      )
      await work(execute)
      assert.equal(repo.git('rev-list', '--count', 'trunk'), '2', `${when} call ${nth}`)
      assert.equal(repo.git('show', 'trunk:x.txt'), 'x')
      assert.equal(repo.git('status', '--porcelain'), '', `${when} call ${nth}`)
      assert.deepEqual([await repo.read('a.txt'), await repo.read('x.txt')], ['changed\n', 'x\n'])
      assert.equal(repo.git('worktree', 'list', '--porcelain').includes('prunable'), false)
      if (!died) break
    }
  }
})

test('locks that a dead git of ours left are removed, and the branch moves again', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x', path)
  const kept = await repo.keep(workspace, 'task-a')
  const old = Date.now() / 1000 - 60
  const locks = [
    'refs/heads/trunk.lock',
    'HEAD.lock',
    'packed-refs.lock',
    'refs/drover/epoch.lock',
    'refs/heads/drover/task-a.lock',
    'worktrees/_1/index.lock',
  ]
  for (const lock of locks) {
    await mkdir(join(repo.gitDir, lock, '..'), { recursive: true })
    await writeFile(join(repo.gitDir, lock), '')
    await utimes(join(repo.gitDir, lock), old, old)
  }
  const next = repo.open()
  const before = repo.calls.length
  await next.recover()
  const updates = repo.calls.slice(before).filter(({ args }) => args[0] === 'update-ref')
  assert.equal(updates.length, 1, 'git was made to wait for a lock that nobody gives back')
  for (const lock of locks) assert.equal(await repo.has(lock, repo.gitDir), false, lock)
  assert.deepEqual(await repo.land(next, 'task-a', kept), { outcome: 'landed' })
})

test("the user's own index.lock is never removed, and their checkout is behind until it goes", async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x\n', path)
  const kept = await repo.keep(workspace, 'task-a')
  await repo.write('.git/index.lock', '')
  await repo.land(workspace, 'task-a', kept)
  assert.deepEqual(await workspace.behind('trunk'), [{ path: repo.root, by: repo.tip() }])
  await repo.open().recover()
  assert.equal(await repo.has('.git/index.lock'), true)
  await rm(join(repo.gitDir, 'index.lock'))
  await repo.open().recover()
  assert.equal(await repo.read('x.txt'), 'x\n')
  assert.deepEqual(await workspace.behind('trunk'), [])
})

test('a checkout that was moved half-way is moved to the end, and edits are not taken for it', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  for (const [name, text] of Object.entries({ 'a.txt': 'changed\n', 'b.txt': 'changed\n', 'x.txt': 'x\n' }))
    await repo.write(name, text, path)
  const merged = (await repo.merge(workspace, await repo.keep(workspace, 'task-a'))) as Merge
  await workspace.checkouts('trunk', merged.tip, merged.commit)
  await workspace.move({ task: 'task-a', branch: 'trunk', from: merged.tip, to: merged.commit })
  // As a `read-tree -u` that was killed leaves it: some files written, the index as before, our lock on it.
  await repo.write('a.txt', 'changed\n')
  await repo.write('x.txt', 'x\n')
  const mark = repo.calls[0]!.env['DROVER_GIT']!.split(':')[0]
  await repo.write('.git/index.lock', `DROVER_GIT ${mark}:\n`)
  await repo.write('.git/index.drover', 'half')
  const next = repo.open()
  await next.recover()
  assert.equal(repo.git('status', '--porcelain'), '')
  assert.deepEqual(
    [await repo.read('a.txt'), await repo.read('b.txt'), await repo.read('x.txt')],
    ['changed\n', 'changed\n', 'x\n'],
  )
  assert.deepEqual(await next.behind('trunk'), [])
})

test('a file that a killed git had only begun to write is written to its end, another one is the user’s', async (t) => {
  const repo = await makeRepo(t)
  const text = 'line after line\n'.repeat(1_000)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  const written = { 'a.txt': text, 'new/empty.txt': '\n', 'new/half.txt': text, '-x y.txt': text }
  for (const [name, words] of Object.entries(written)) await repo.write(name, words, path)
  const merged = (await repo.merge(workspace, await repo.keep(workspace, 'task-a'))) as Merge
  await workspace.checkouts('trunk', merged.tip, merged.commit)
  await workspace.move({ task: 'task-a', branch: 'trunk', from: merged.tip, to: merged.commit })
  await repo.write('a.txt', text.slice(0, 700))
  await repo.write('new/empty.txt', '')
  await repo.write('new/half.txt', `${text.slice(0, 300)}and what the user wrote`)
  await repo.write('-x y.txt', text.slice(0, 4096))
  await repo.open().recover()
  assert.equal(await repo.read('new/half.txt'), `${text.slice(0, 300)}and what the user wrote`)
  await rm(join(repo.root, 'new/half.txt'))
  const next = repo.open()
  await next.recover()
  assert.equal(repo.git('status', '--porcelain'), '')
  for (const [name, words] of Object.entries(written)) assert.equal(await repo.read(name), words, name)
  assert.deepEqual(await next.behind('trunk'), [])
})

test('a checkout is moved to the end also when the user has committed something else on top meanwhile', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('a.txt', 'changed\n', path)
  const merged = (await repo.merge(workspace, await repo.keep(workspace, 'task-a'))) as Merge
  await workspace.checkouts('trunk', merged.tip, merged.commit)
  await workspace.move({ task: 'task-a', branch: 'trunk', from: merged.tip, to: merged.commit })
  await repo.write('mine.txt', 'mine\n')
  repo.git('add', 'mine.txt')
  repo.git('commit', '-qm', 'mine', '--only', '--', 'mine.txt')
  await repo.open().recover()
  assert.equal(repo.git('status', '--porcelain'), '')
  assert.deepEqual([await repo.read('a.txt'), await repo.read('mine.txt')], ['changed\n', 'mine\n'])
})

test('a checkout that could not follow is tried again, also under commits of the user’s that came on top', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('new.txt', 'new\n', path)
  const merged = (await repo.merge(workspace, await repo.keep(workspace, 'task-a'))) as Merge
  const { moves } = await workspace.checkouts('trunk', merged.tip, merged.commit)
  await workspace.move({ task: 'task-a', branch: 'trunk', from: merged.tip, to: merged.commit })
  await writeFile(join(repo.root, '.git/index.lock'), '') // the user's own git is at work
  assert.equal((await workspace.follow(moves)).length, 1)
  await rm(join(repo.root, '.git/index.lock'))
  await repo.write('mine.txt', 'mine\n')
  repo.git('add', 'mine.txt')
  repo.git('commit', '-qm', 'mine', '--only', '--', 'mine.txt')
  assert.match(repo.git('status', '--porcelain'), /^D {2}new\.txt/)
  const other = await repo.at(workspace, 'task-b')
  await repo.write('other.txt', 'other\n', other.path)
  const next = (await repo.merge(workspace, await repo.keep(workspace, 'task-b'))) as Merge
  assert.deepEqual(await workspace.blockers('trunk', next.tip, next.commit), [])
  assert.equal(repo.git('status', '--porcelain'), '')
  assert.deepEqual([await repo.read('new.txt'), await repo.read('mine.txt')], ['new\n', 'mine\n'])
})

test('git children of an older start are ended before anything is judged', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  const mark = repo.calls.at(-1)!.env['DROVER_GIT']!
  const child = spawn('sleep', ['600'], { env: { ...process.env, DROVER_GIT: mark }, stdio: 'ignore' })
  const other = spawn('sleep', ['600'], { env: { ...process.env, DROVER_GIT: 'ffffffffffff:1' }, stdio: 'ignore' })
  t.after(() => other.kill('SIGKILL'))
  await Promise.all([child, other].map((one) => new Promise((resolve) => one.once('spawn', resolve))))
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  await repo.open().recover()
  assert.equal(await ended, 'SIGKILL')
  assert.equal(other.exitCode ?? other.signalCode, null)
})

test('a git killed in the middle of its work leaves nothing that a later one trips over', async (t) => {
  const repo = await makeRepo(t)
  for (let n = 0; n < 40; n++) await repo.write(`many/${n}.txt`, `${n}\n`.repeat(2000))
  await repo.commit({})
  for (let n = 0; n < 6; n++) {
    let died = false
    const killing: Exec = (call) => {
      const ended = execute(call)
      if (!died && call.args.some((arg) => arg.includes(n % 2 === 0 ? 'add -A' : '--stdin'))) {
        died = true
        const child = spawn('sh', [
          '-c',
          `for p in /proc/[0-9]*; do if tr '\\0' '\\n' <$p/environ 2>/dev/null | grep -q '^DROVER_GIT=${call.env['DROVER_GIT']}'; then kill -9 \${p#/proc/}; fi; done`,
        ])
        return new Promise((_, reject) => child.once('exit', () => void ended.then(() => reject(new Error('kill -9')))))
      }
      return ended
    }
    const task = `task-${n}`
    const first = repo.open({ exec: killing })
    await first.recover().catch(() => undefined)
    const made = await repo.at(first, task).catch(() => undefined)
    if (made)
      for (let file = 0; file < 40; file++)
        await repo.write(`many/${file}.txt`, `${task} ${file}\n`.repeat(2000), made.path)
    const kept = await repo.keep(first, task).catch(() => undefined)
    if (kept) await repo.land(first, task, kept).catch(() => undefined)
    const next = repo.open()
    await next.recover()
    if (await next.landed(task)) continue
    const { path } = await repo.at(next, task)
    for (let file = 0; file < 40; file++) await repo.write(`many/${file}.txt`, `${task} ${file}\n`.repeat(2000), path)
    assert.deepEqual(await repo.land(next, task, await repo.keep(next, task)), { outcome: 'landed' })
    await next.release(task)
    assert.equal(repo.git('status', '--porcelain'), '')
  }
  assert.equal(repo.git('rev-list', '--count', 'trunk'), '8')
  assert.doesNotMatch(repo.git('fsck', '--no-dangling'), /missing|broken|corrupt/)
})

test('a folder among the worktrees that nobody knows is kept under its own name, then goes', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'whose?', path)
  await writeFile(join(repo.root, '.drover/worktrees/_1.json'), 'torn')
  assert.deepEqual(await repo.open().worktrees(), [{ path, task: null, state: 'stray', dirty: true }])
  await repo.open().recover()
  assert.equal(repo.git('show', 'refs/drover/rescue/_1/1:x.txt'), 'whose?')
  assert.deepEqual([await repo.has('.drover/worktrees/_1'), await repo.has('.drover/worktrees/task-a')], [false, false])
  assert.equal(repo.git('worktree', 'list').split('\n').length, 1)
})

test('recovering twice, and in a repository nobody worked in, changes nothing', async (t) => {
  const repo = await makeRepo(t, { branch: 'main/line' })
  const workspace = repo.open()
  await workspace.recover()
  await workspace.recover()
  assert.equal(repo.git('for-each-ref', '--format=%(refname)'), 'refs/drover/epoch\nrefs/heads/main/line')
  assert.equal(await workspace.tip('main/line'), repo.tip())
  repo.git('pack-refs', '--all')
  assert.equal(await workspace.tip('main/line'), repo.tip())
  assert.equal(repo.git('config', '--list', '--local').includes('drover'), false)
})
