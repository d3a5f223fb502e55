import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type Remembered,
  addTalk,
  mark,
  prompts,
  remembered,
  sessions,
  starts,
  steps,
  stop,
} from '../support/talking.ts'
import { unmark, untilPrinted, untilRemembered, withTalker } from '../support/talking.ts'
import { endIfThere, type World } from '../support/world.ts'

const many = Array.from({ length: 40 }, (_, n) => `append a.txt line ${n}`)
const lines = many.map((step) => step.slice('append a.txt '.length)).join('\n')
const starting = ({ kind }: Remembered): boolean => kind === 'new'

/** Every step of the task was done once, whoever was killed. */
function assertOnce(world: World, task: string, wanted: readonly string[]): void {
  assert.deepEqual(steps(world, task), wanted)
  assert.equal(world.git('show', 'main:a.txt'), lines)
}

const reachedStep = (world: World, n: number): Promise<Remembered> =>
  untilRemembered(world, `step ${n}`, ({ kind, text }) => kind === 'step' && text.endsWith(` ${n}`))

test('a daemon that is killed again and again adopts the agent that lives, and no step is done twice', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', [...many.slice(0, 39), 'wait go', many[39]!])
  for (const n of [0, 7, 20, 38]) {
    const daemon = await world.daemon()
    await reachedStep(world, n)
    await daemon.kill()
  }
  mark(world, 'go')
  const last = await world.daemon()
  await world.untilStatus('a', 'completed')
  assertOnce(world, 'a', [...many.slice(0, 39), 'wait go', many[39]!])
  assert.deepEqual(starts(world), ['new'])
  assert.equal((await world.task('a')).attempts, 0)
  await stop(last)
})

test('an agent that is killed goes on in its session, behind what it has done', async (t) => {
  const world = await withTalker(t, 'max_attempts = 9\n')
  const all = [...many.slice(0, 10), 'wait one', ...many.slice(10, 20), 'wait two', ...many.slice(20)]
  await addTalk(world, 'a', all)
  const daemon = await world.daemon()
  for (const name of ['one', 'two']) {
    await reachedStep(world, name === 'one' ? 9 : 19)
    process.kill(remembered(world).at(-1)!.pid, 'SIGKILL')
    mark(world, name)
  }
  await world.untilStatus('a', 'completed')
  assertOnce(world, 'a', all)
  assert.deepEqual([starts(world), sessions(world).length], [['new', 'resumed', 'resumed'], 1])
  await stop(daemon)
})

test('an agent that is killed again before it has answered keeps its session', async (t) => {
  const world = await withTalker(t, 'max_attempts = 9\n')
  await addTalk(world, 'a', [...many.slice(0, 5), 'think go', ...many.slice(5)])
  const daemon = await world.daemon()
  const { pid } = await reachedStep(world, 4)
  mark(world, 'slow')
  process.kill(pid, 'SIGKILL')
  for (const attempt of [2, 3]) {
    const again = await untilRemembered(
      world,
      `attempt ${attempt}`,
      (one) => one.attempt === attempt && one.kind === 'prompt',
    )
    process.kill(again.pid, 'SIGKILL')
  }
  mark(world, 'go')
  await untilRemembered(world, 'attempt 4', (one) => one.attempt === 4 && one.kind === 'prompt')
  unmark(world, 'slow')
  await world.untilStatus('a', 'completed')
  assertOnce(world, 'a', [...many.slice(0, 5), 'think go', ...many.slice(5)])
  assert.equal(sessions(world).length, 1)
  await stop(daemon)
})

test('when daemon and agent are killed together, the session goes on', async (t) => {
  const world = await withTalker(t)
  const all = [...many.slice(0, 20), 'wait go', ...many.slice(20)]
  await addTalk(world, 'a', all)
  const first = await world.daemon()
  const { pid } = await reachedStep(world, 19)
  const wrapper = Number(readFileSync(join(world.root, '.drover/attempts/a/1/pid'), 'utf8').split(' ')[0])
  await first.kill()
  for (const one of [wrapper, pid]) process.kill(one, 'SIGKILL')
  mark(world, 'go')
  const second = await world.daemon()
  await world.untilStatus('a', 'completed')
  assertOnce(world, 'a', all)
  assert.deepEqual([starts(world), sessions(world).length], [['new', 'resumed'], 1])
  assert.equal((await world.task('a')).attempts, 0)
  await stop(second)
})

test('a daemon that is killed before its agent has a session begins it once', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', many)
  const first = world.start('daemon')
  await world.until('the attempt has a folder', async () => (world.has('.drover/attempts/a/1/pid') ? true : undefined))
  await first.kill()
  const second = await world.daemon()
  await world.untilStatus('a', 'completed')
  assertOnce(world, 'a', many)
  assert.equal((await world.task('a')).attempts, 0)
  assert.equal(remembered(world).filter(starting).length, 1)
  await stop(second)
})

for (const [how, isKept] of [
  ['is not told its task again where its session holds it', true],
  ['is told its task once more, in its session, where that has lost it', false],
] as const)
  test(`an agent that is killed before it has answered ${how}`, async (t) => {
    const world = await withTalker(t, 'max_attempts = 9\n')
    if (!isKept) mark(world, 'unkept')
    await addTalk(world, 'a', ['think go', ...many])
    const daemon = await world.daemon()
    const { pid } = await untilRemembered(world, 'the task', ({ kind }) => kind === 'prompt')
    await world.until('the session is known', async () => (await world.task('a')).session ?? undefined)
    process.kill(pid, 'SIGKILL')
    mark(world, 'go')
    await world.untilStatus('a', 'completed')
    assertOnce(world, 'a', ['think go', ...many])
    assert.deepEqual([starts(world), sessions(world).length], [['new', 'resumed'], 1])
    const [first = '', again = ''] = prompts(world)
    const task = /^# Talk about a\n[^]*\[\[append a\.txt line 39\]\]/
    assert.match(first, task)
    assert.equal(task.test(again), !isKept)
    assert.match(again, /killed by SIGKILL/)
    await stop(daemon)
  })

test('an agent that is killed before its session is written down begins another, and nothing counts', async (t) => {
  const world = await withTalker(t, 'max_attempts = 9\n')
  mark(world, 'unwritten')
  await addTalk(world, 'a', many)
  const first = await world.daemon()
  await world.until('the session is known', async () => (await world.task('a')).session ?? undefined)
  await first.kill()
  for (const { pid } of await world.processes()) endIfThere(pid)
  unmark(world, 'unwritten')
  const second = await world.daemon()
  await world.untilStatus('a', 'completed')
  assertOnce(world, 'a', many)
  assert.deepEqual(starts(world), ['new', 'lost', 'new'])
  const named = (await world.all('agent.session')).map(({ data }) => data.session)
  assert.deepEqual(
    named.map((session) => sessions(world).indexOf(session)),
    [0, -1, 1],
  )
  assert.equal((await world.task('a')).attempts, 0)
  await stop(second)
})

test('a daemon that is killed while its provider is overloaded goes on in the same session', async (t) => {
  const world = await withTalker(t, 'retry_delay_max = "400ms"\n')
  const all = [...many.slice(0, 10), 'overloaded', ...many.slice(10, 20), 'overloaded', 'overloaded', ...many.slice(20)]
  await addTalk(world, 'a', all)
  const first = await world.daemon()
  await untilPrinted(world, 'a', 1, '529')
  await first.kill()
  const second = await world.daemon()
  await world.untilStatus('a', 'completed')
  assertOnce(world, 'a', all)
  assert.deepEqual(starts(world), ['new'])
  await stop(second)
})

test('stopped with Ctrl-C once or twice, or with its agents kept, the next run goes on in the session', async (t) => {
  const world = await withTalker(t)
  const names = ['one', 'two', 'three']
  const all = names.flatMap((name, n) => [...many.slice(n * 10, n * 10 + 10), `wait ${name}`]).concat(many.slice(30))
  await addTalk(world, 'a', all)
  const once = world.start('run')
  await reachedStep(world, 9)
  once.send('SIGINT')
  await once.ended
  mark(world, 'one')
  const twice = world.start('run')
  await reachedStep(world, 19)
  twice.send('SIGINT')
  twice.send('SIGINT')
  await twice.ended
  assert.deepEqual(await world.processes(), [])
  mark(world, 'two')
  await world.daemon()
  await reachedStep(world, 29)
  await world.ok('daemon', 'stop', '--keep-agents')
  mark(world, 'three')
  await world.run()
  assertOnce(world, 'a', all)
  assert.deepEqual([starts(world), sessions(world).length], [['new', 'resumed', 'resumed'], 1])
  assert.equal((await world.task('a')).attempts, 0)
})

test('a daemon that is killed while it stops its agent leaves nothing that counts as a crash', async (t) => {
  const world = await withTalker(t)
  const all = [...many.slice(0, 10), 'wait go', ...many.slice(10)]
  await addTalk(world, 'a', all)
  const first = await world.daemon()
  await reachedStep(world, 9)
  first.send('SIGTERM')
  await untilRemembered(world, 'the interruption', ({ kind }) => kind === 'interrupt')
  await first.kill()
  mark(world, 'go')
  const second = await world.daemon()
  await world.untilStatus('a', 'completed')
  assertOnce(world, 'a', all)
  assert.equal((await world.task('a')).attempts, 0)
  await stop(second)
})

test('an agent that ends without a word when it was to stop, and its daemon is killed, goes on in its session', async (t) => {
  const world = await withTalker(t)
  const all = [...many.slice(0, 10), 'wait go', 'exit 1', ...many.slice(10)]
  await addTalk(world, 'a', all)
  mark(world, 'numb')
  const first = await world.daemon()
  await reachedStep(world, 9)
  first.send('SIGTERM')
  await untilRemembered(world, 'the interruption', ({ kind }) => kind === 'interrupt')
  await first.kill()
  mark(world, 'go')
  await untilRemembered(world, 'its end', ({ text }) => text === 'exit 1')
  const second = await world.daemon()
  await world.untilStatus('a', 'completed')
  assertOnce(world, 'a', all)
  assert.deepEqual([starts(world), (await world.task('a')).attempts], [['new', 'resumed'], 0])
  await stop(second)
})
