import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeProject, type Place } from './binary.ts'

const task = (place: Place, id: string, run: string, ...more: string[]) =>
  place.ok('add', `Task ${id}`, '--id', id, '--run', run, ...more)

describe('run', () => {
  test('drives everything, says what happens and what came of it, and exits 0', async (t) => {
    const place = await makeProject(t)
    await task(place, 'a', 'echo a > a')
    await task(place, 'b', 'cat a > b', '--blocked-by', 'a')
    await place.ok('add', 'b.1 A part', '--run', 'echo part > part')
    const { out } = await place.ok('run', '--workers', '2')
    for (const words of [
      'a attempt 1 begins',
      'a is done: ',
      'b has all it needs',
      'b.1 passed',
      'b is done: ',
      '2 completed, 0 failed',
    ])
      assert.ok(out.includes(words), `${words} in\n${out}`)
    assert.deepEqual(
      place
        .git('log', '--format=%s', '--reverse')
        .split('\n')
        .slice(1)
        .map((subject) => subject.split(':')[0]),
      ['feat(a)', 'feat(b)'],
    )
    const { task: shown, attempts, landings } = await place.json('show', 'b')
    assert.deepEqual(
      [shown.status, shown.landedCommit, attempts.length, landings.length],
      ['completed', place.git('rev-parse', 'HEAD'), 1, 1],
    )
    assert.match((await place.ok('list', '--all')).out, /b +✅ completed +5 +0\/3 +landed +[0-9a-f]{7} +Task b/)
    assert.match((await place.ok('why', 'b')).out, /it landed as [0-9a-f]{10}/)
  })

  test('exits 8 when something failed, and names the remedy; logs say what it printed', async (t) => {
    const place = await makeProject(t)
    await task(place, 'a', 'echo "why it broke"; exit 3', '--max-attempts', '1')
    await task(place, 'b', 'true', '--blocked-by', 'a')
    const { code, out } = await place.drover('run')
    assert.equal(code, 8)
    assert.match(out, /a failed: Task a +-> +drover retry a/)
    assert.equal((await place.ok('logs', 'a')).out, 'why it broke\n')
    assert.match((await place.ok('logs', 'a', '--events')).out, /a failed \(failed\): exit code 3\n$/)
    assert.deepEqual((await place.json('why', 'b')).reasons, [
      'b waits for what it needs:',
      '  a is failed: exit code 3',
    ])
  })

  test('with --json prints events and, as the last line, what came of it', async (t) => {
    const place = await makeProject(t)
    await task(place, 'a', 'echo a > a')
    const lines = (await place.ok('run', '--json')).out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const { schema, data } = lines.at(-1)
    assert.deepEqual(
      [schema, data.completed, data.failed, data.blocked, data.cancelled, typeof data.durationMs],
      ['drover.run/v1', 1, 0, 0, 0, 'number'],
    )
    const types = lines.slice(0, -1).map(({ type }) => type)
    for (const type of [
      'run.started',
      'task.claimed',
      'task.passed',
      'landing.landed',
      'task.completed',
      'run.finished',
    ])
      assert.ok(types.includes(type), type)
    assert.deepEqual(
      lines.slice(0, -1).map(({ seq }) => seq),
      lines
        .slice(0, -1)
        .map(({ seq }) => seq)
        .toSorted((a, b) => a - b),
    )
  })

  test('without tasks has nothing to do', async (t) => {
    const place = await makeProject(t)
    assert.match((await place.ok('run')).err, /no tasks yet/)
  })

  test('under --no-land what passes waits for drover land, which is no failure', async (t) => {
    const place = await makeProject(t)
    await task(place, 'a', 'echo a > a')
    await task(place, 'b', 'true', '--blocked-by', 'a')
    await place.ok('run', '--no-land')
    assert.equal(place.git('log', '--format=%s'), 'first')
    assert.match((await place.ok('diff', 'a', '--name-only')).out, /^a$/m)
    assert.match((await place.ok('diff', 'a', '--stat')).out, /1 file changed/)
    assert.deepEqual(
      (await place.json('land', 'status')).waiting.map(({ id }: { id: string }) => id),
      ['a'],
    )
    assert.match((await place.ok('land', 'a')).out, /a is in the landing lane/)
    await place.ok('resume')
    assert.equal((await place.json('show', 'b')).task.status, 'completed')
    assert.match((await place.ok('land', 'history')).out, /^a {2}1\.\d+ {2}landed/)
  })

  test('Ctrl-C stops at a safe point with 130, and the next run goes on', { timeout: 60_000 }, async (t) => {
    const place = await makeProject(t)
    await task(
      place,
      'a',
      'test -e "$DROVER_WORKTREE/begun" || { touch "$DROVER_WORKTREE/begun"; sleep 60; }; echo a > a',
    )
    const child = place.start(['run'])
    let out = ''
    child.stdout!.on('data', (text) => (out += text))
    const over = new Promise((resolve) => child.on('close', resolve))
    while (!out.includes('begins') || !existsSync(join(place.root, '.drover', 'worktrees', 'a', 'begun')))
      await new Promise((resolve) => setTimeout(resolve, 50))
    child.kill('SIGINT')
    assert.equal(await over, 130)
    const { task: stopped } = await place.json('show', 'a')
    assert.deepEqual([stopped.status, stopped.attempts], ['ready', 0])
    await place.ok('run')
    assert.equal((await place.json('show', 'a')).task.status, 'completed')
  })
})

describe('daemon', () => {
  test('starts once, is followed by run, and stops', { timeout: 60_000 }, async (t) => {
    const place = await makeProject(t)
    const holder = await place.json('daemon', 'start', '--workers', '3')
    t.after(() => {
      try {
        process.kill(holder.pid)
      } catch {
        // It has stopped, as it should.
      }
    })
    const { status, pid, workers, kind } = await place.json('daemon-status')
    assert.deepEqual([status, pid, workers, kind], ['ALIVE', holder.pid, 3, 'daemon'])
    await place.refused('already-running', 5, 'daemon', 'start')
    await place.refused('already-running', 5, 'run', '--workers', '2')
    await task(place, 'a', 'echo a > a')
    const followed = await place.ok('run')
    assert.match(followed.err, new RegExp(`pid ${holder.pid}.*following it`))
    assert.equal((await place.json('show', 'a')).task.status, 'completed')
    await place.ok('daemon', 'stop')
    await place.refused('no-daemon', 6, 'daemon', 'status')
    await place.ok('daemon', 'start')
    await place.ok('daemon-stop')
  })
})

test('worktrees are listed and pruned, and kept work is found again', async (t) => {
  const place = await makeProject(t)
  await task(place, 'a', 'echo precious > kept; exit 1', '--max-attempts', '1')
  await place.drover('run')
  const { rescues } = await place.json('rescue', 'list')
  assert.deepEqual([...new Set(rescues.map((one: { task: string }) => one.task))], ['a'])
  assert.ok((await place.json('worktree', 'list')).worktrees.length > 0)
  await place.refused('needs-yes', 2, 'worktree', 'prune', '-a')
  assert.ok((await place.json('worktree', 'prune', '-a', '--dry-run')).removed.length > 0)
  await place.ok('worktree', 'cleanup', '--yes')
  assert.match((await place.ok('worktree', 'prune')).out, /no orphaned/)
  const { branch } = await place.json('rescue', 'restore', `a/${rescues.at(-1).attempt}`)
  assert.equal(place.git('show', `${branch}:kept`), 'precious')
  await place.refused('no-rescue', 4, 'rescue', 'show', 'nobody')
})

test('work that is completed is done again only after a yes', async (t) => {
  const place = await makeProject(t)
  await task(place, 'a', 'date +%N > a')
  await place.ok('run')
  await place.refused('needs-yes', 2, 'reset', '--completed')
  assert.match((await place.ok('reset', 'a', '--yes')).out, /Reset 1 task/)
  await place.ok('run')
  assert.equal((await place.json('show', 'a')).task.attempt, 2)
  assert.ok(readFileSync(join(place.root, 'a'), 'utf8').length > 0)
})

test('the demonstration runs to its end', { timeout: 60_000 }, async (t) => {
  const place = await makeProject(t)
  const { out, err } = await place.ok('demo', '--workers', '4')
  assert.match(out, /7 completed, 0 failed/)
  assert.match(out, /\* [0-9a-f]+ feat\(task-tests\)/)
  assert.equal(existsSync(/in (\S+):/.exec(err)![1]!), false, 'its repository is gone')
})
