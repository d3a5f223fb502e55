import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeWorld, type Ran, type Running, type World } from '../support/world.ts'

const untilGo = 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'
const go = (world: World): void => writeFileSync(join(world.marks, 'go'), '')

async function stop(daemon: Running): Promise<void> {
  daemon.send('SIGTERM')
  await daemon.ended
}

const untilOver = (world: World) =>
  world.until('no attempt is open', async (reading) => ((await reading.openAttempts()).length === 0 ? true : undefined))

test('a task that is paused and resumed twenty times in a row is done once, with what it had', async (t) => {
  const world = await makeWorld(t)
  await world.add('often', `echo in >> "$MARKS/starts"; echo more >> work.txt; ${untilGo}; cp work.txt done.txt`)
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  for (let n = 0; n < 20; n++) {
    await world.ok('pause', 'often')
    await world.ok('resume', 'often')
  }
  go(world)
  await world.untilStatus('often', 'completed', 'failed')
  assert.deepEqual([await world.status('often'), (await world.task('often')).attempts], ['completed', 0])
  assert.equal((await world.all('task.completed', 'often')).length, 1)
  const lines = world.git('show', 'main:done.txt').split('\n').length
  assert.equal(lines, world.marked('starts').length, 'an attempt began without what the one before had left')
  await stop(daemon)
  await assertInvariants(world, () => true)
})

test('a pause while the gate runs takes the task out of the lane; resume lands it', async (t) => {
  const world = await makeWorld(t, { settings: `[land]\ngate = 'echo in >> "$MARKS/gates"; ${untilGo}'\n` })
  await world.add('gated', 'echo 1 > one.txt')
  await world.add('behind', 'echo 2 > two.txt')
  const daemon = await world.daemon()
  await world.untilMarked('gates')
  const first = (await world.task('gated')).status === 'landing' && (await world.all('task.passed'))[0]?.task
  await world.ok('pause', first || 'gated')
  go(world)
  const other = first === 'behind' ? 'gated' : 'behind'
  await world.untilStatus(other, 'completed')
  assert.equal(await world.status(first || 'gated'), 'paused')
  await world.ok('resume', first || 'gated')
  await world.untilStatus(first || 'gated', 'completed')
  assert.equal((await world.task(first || 'gated')).attempt, 1, 'nobody had to do it again')
  await stop(daemon)
  await assertInvariants(world, () => true)
})

/** A git that waits before it moves the branch, once somebody has made the file `slow`. */
function slowGit(world: World): void {
  const bin = join(world.folder, 'bin')
  mkdirSync(bin)
  const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim()
  const wait = `[ -f "${world.marks}/slow" ] && { echo in >> "${world.marks}/moving"; while [ ! -f "${world.marks}/go" ]; do sleep 0.02; done; }`
  writeFileSync(join(bin, 'git'), `#!/bin/sh\ncase " $* " in *" update-ref "*) ${wait};; esac\nexec ${real} "$@"\n`)
  chmodSync(join(bin, 'git'), 0o755)
  world.env['PATH'] = `${bin}:${world.env['PATH']}`
}

test('cancel and pause at the moment the branch moves answer 75, and the landing is whole', async (t) => {
  const world = await makeWorld(t, { settings: `[land]\ngate = 'touch "$MARKS/slow"'\n` })
  slowGit(world)
  await world.add('lands', 'echo 1 > one.txt')
  const daemon = await world.daemon()
  await world.untilMarked('moving')
  for (const word of ['cancel', 'pause'])
    assert.match(await world.refused(75, word, 'lands'), /lands: .*\n\s+hint: try again in a moment/)
  go(world)
  await world.untilStatus('lands', 'completed')
  assert.match(await world.ok('cancel', 'lands'), /lands is completed already: nothing to cancel/)
  await stop(daemon)
  await assertInvariants(world, () => true)
})

test('cancel works in every status that is not over, and leaves nothing behind', async (t) => {
  const world = await makeWorld(t, { settings: 'max_attempts = 1\n' })
  const asks = 'drover parcel done --verdict BLOCK --summary "which?"'
  await world.add('works', `echo in >> "$MARKS/starts"; exec sleep 1000`)
  await world.add('asks', asks)
  await world.add('held', 'echo 1 > one.txt', '--land', 'manual')
  await world.add('paused', 'true')
  await world.ok('pause', 'paused')
  await world.add('needs', 'true', '-b', 'works')
  await world.add('fails', 'exit 1')
  const daemon = await world.daemon('-w', '1')
  await world.untilStatus('works', 'in_progress')
  await world.add('ready', 'true', '-p', 'low')
  const expected: Record<string, number> = { needs: 0, paused: 0, ready: 0, works: 0 }
  for (const [id, code] of Object.entries(expected)) assert.equal((await world.drover('cancel', id)).code, code, id)
  await world.untilStatus('asks', 'blocked(question)')
  await world.untilStatus('held', 'blocked(review)')
  await world.untilStatus('fails', 'failed')
  for (const id of ['asks', 'held']) await world.ok('cancel', id)
  for (const id of ['fails', 'works']) assert.match(await world.ok('cancel', id), /already: nothing to cancel/)
  await untilOver(world)
  for (const id of ['needs', 'paused', 'ready', 'works', 'asks', 'held'])
    assert.equal(await world.status(id), 'cancelled')
  await stop(daemon)
  await assertInvariants(world, () => true)
})

test('a retry while the attempt before is still stopping waits for it: two agents never meet', async (t) => {
  const world = await makeWorld(t)
  const guard = 'kill -0 "$(cat "$MARKS/inside")" 2>/dev/null && echo two >> "$MARKS/met"; echo $$ > "$MARKS/inside"'
  const first = `trap "" TERM; echo in >> "$MARKS/starts"; ${untilGo}; sleep 0.3; exit 1`
  await world.add('again', `${guard}; if [ $DROVER_ATTEMPT = 1 ]; then ${first}; fi; echo 1 > one.txt`)
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  await world.ok('cancel', 'again')
  await world.ok('retry', 'again')
  assert.match(await world.ok('why', 'again'), /attempt 1 is still stopping/)
  go(world)
  await world.untilStatus('again', 'completed', 'failed')
  assert.deepEqual([await world.status('again'), world.marked('met')], ['completed', []])
  await stop(daemon)
  await assertInvariants(world, () => true)
})

test('a hint at the moment a task ends is kept for the next attempt, or refused in words', async (t) => {
  const world = await makeWorld(t)
  await world.add(
    'ends',
    `grep -q "look here" "$DROVER_FOLDER/prompt.md" && echo read >> "$MARKS/read"; echo in >> "$MARKS/starts"; sleep 0.2; test -f "$MARKS/read"`,
  )
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  const first = await world.drover('hint', 'ends', 'look here')
  assert.equal(first.code, 0, first.stderr)
  await world.untilStatus('ends', 'completed', 'failed')
  assert.deepEqual([await world.status('ends'), world.marked('read')], ['completed', ['read']])
  assert.match(await world.refused(5, 'hint', 'ends', 'too late'), /ends is completed/)
  await stop(daemon)
})

test('an edit of a task at work is refused with what is possible, and changes nothing', async (t) => {
  const world = await makeWorld(t)
  await world.add('works', `echo in >> "$MARKS/starts"; ${untilGo}`)
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  assert.match(
    await world.refused(5, 'edit', 'works', '--title', 'Another title'),
    /works is in_progress.*\n\s+hint: .*drover pause works/,
  )
  assert.equal((await world.task('works')).title, 'Work on works')
  go(world)
  await stop(daemon)
})

test('of two commands that contradict each other one wins, and the other says why it did not', async (t) => {
  const world = await makeWorld(t)
  await world.add('torn', `echo in >> "$MARKS/starts"; exec sleep 1000`)
  await world.add('idle', 'true', '-b', 'torn')
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  for (const id of ['torn', 'idle']) {
    const [paused, cancelled] = await Promise.all([world.drover('pause', id), world.drover('cancel', id)])
    assert.equal(cancelled.code, 0, cancelled.stderr)
    assert.equal(await world.status(id), 'cancelled')
    // Cancelled after it was paused, or cancelled so that it cannot be paused.
    if (paused.code !== 0) assertRefused(paused, /is cancelled, so .* cannot happen/)
  }
  const both = await Promise.all([world.drover('retry', 'torn'), world.drover('retry', 'torn')])
  // Twice at the very same moment is once; a moment later it is at work, and cannot be.
  assert.ok(both.some(({ code }) => code === 0) && both.every(({ code }) => code === 0 || code === 5))
  assert.ok((await world.task('torn')).attempt <= 2)
  await world.ok('cancel', 'torn')
  await untilOver(world)
  await stop(daemon)
  await assertInvariants(world, () => true)
})

test('a task that is cancelled and retried while drover is dead begins again, and its parts with it', async (t) => {
  const world = await makeWorld(t)
  await world.add('whole', 'echo whole >> "$MARKS/done"; cat part.txt > whole.txt')
  await world.ok('add', 'whole.1 A part', '--run', 'echo part >> "$MARKS/done"; echo part > part.txt')
  world.env['NODE_ENV'] = 'test'
  const faults = [{ point: 'step next part before', nth: 3, what: 'daemon' }]
  world.env['DROVER_FAULTS'] = JSON.stringify({ faults })
  assert.equal((await world.start('run').ended).signal, 'SIGKILL')
  delete world.env['DROVER_FAULTS']
  await world.ok('cancel', 'whole')
  await world.ok('retry', 'whole')
  await world.run()
  assert.deepEqual([world.marked('done'), (await world.task('whole')).attempt], [['part', 'whole', 'part', 'whole'], 2])
  assert.equal(world.git('show', 'main:whole.txt'), 'part')
  await assertInvariants(world, () => true)
})

function assertRefused({ code, stderr }: Ran, words: RegExp): void {
  assert.equal(code, 5, stderr)
  assert.match(stderr, words)
}
