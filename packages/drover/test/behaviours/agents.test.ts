import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeWorld, type World } from '../support/world.ts'

const started = 'echo "$DROVER_TASK_ID/$DROVER_ATTEMPT" >> "$MARKS/starts"'
/** Stays until it is ended, and says that it is there. */
const stays = `${started}; exec sleep 1000`

const retries = async (world: World, task: string) => (await world.all('task.retried', task)).map(({ data }) => data)

test('193: a worker that reports through the CLI is seen with the configuration that init made', async (t) => {
  const world = await makeWorld(t)
  const report = 'drover parcel done --verdict pass_with_warnings --summary "one test is slow" --tests-failed 0'
  await world.add('told', `drover parcel progress "half of it"; ${report}; exit 3`)
  await world.run()
  const { verdict } = await world.task('told')
  assert.deepEqual(
    [verdict?.verdict, verdict?.summary, verdict?.by],
    ['pass_with_warnings', 'one test is slow', 'reported'],
  )
  assert.equal((await world.all('task.progress', 'told'))[0]?.data.label, 'half of it')
  assert.equal((await world.all('task.reported', 'told'))[0]?.data.report.testsFailed, 0)
})

// On one machine no lease runs out: the kernel says whether the holder lives. So this is as long as it looks again ten times.
test('196: a worker that takes far longer than anybody looks again is started once and ends once', async (t) => {
  const world = await makeWorld(t, { settings: 'stall_timeout = "1m"\n' })
  await world.add('long', `${started}; sleep 3; echo done > done.txt`)
  await world.run()
  assert.deepEqual(world.marked('starts'), ['long/1'])
  assert.equal((await world.all('task.passed', 'long')).length, 1)
  assert.equal(world.git('show', 'main:done.txt'), 'done')
})

test('197: a worker killed with SIGKILL is noticed within a second, with nothing else running', async (t) => {
  const world = await makeWorld(t)
  await world.add('shot', `echo $$ >> "$MARKS/pids"; [ $DROVER_ATTEMPT = 2 ] || sleep 1000`)
  const daemon = await world.daemon()
  await world.untilMarked('pids')
  const leader = readFileSync(join(world.root, '.drover/attempts/shot/1/pid'), 'utf8').split(' ')[0]
  const at = Date.now()
  for (const pid of [leader, world.marked('pids')[0]]) process.kill(Number(pid), 'SIGKILL')
  await world.untilStatus('shot', 'completed')
  const [lost] = await world.all('task.retried', 'shot')
  assert.ok(lost!.at - at < 1000, `it took ${lost!.at - at} ms`)
  daemon.send('SIGTERM')
  await daemon.ended
})

test('198: no report, an exit code and a signal are told apart, and recorded', async (t) => {
  const world = await makeWorld(t, {
    settings: 'agent = "silent"\nmax_attempts = 1\n[agents.silent]\ncommand = "cat > /dev/null"\n',
  })
  await world.ok('add', 'Say nothing, change nothing', '--id', 'silent', '--skip-validation')
  await world.add('code', 'exit 42')
  await world.add('signal', 'kill -SEGV $$')
  await world.run(8)
  assert.match((await world.task('silent')).lastError!, /exit code 0, but nothing was reported and nothing changed/)
  assert.match((await world.task('code')).lastError!, /exit code 42/)
  assert.match((await world.task('signal')).lastError!, /SIGSEGV/)
  const reasons = await Promise.all(
    ['silent', 'code', 'signal'].map(async (id) => (await world.all('task.failed', id))[0]?.data.reason),
  )
  assert.deepEqual(reasons, ['failed', 'failed', 'crashed'])
})

test('199: a report with the token of an older attempt is refused, and does not end the newer one', async (t) => {
  const world = await makeWorld(t)
  const first = 'env | grep "^DROVER_" | sed "s/.*/export \'&\'/" > "$MARKS/first"; exit 1'
  const say = 'drover parcel done --verdict PASS --summary "too late"; echo $? >> "$MARKS/late"'
  const asItWas = `(. "$MARKS/first"; ${say})`
  const asTheNewer = `(. "$MARKS/first"; export DROVER_RUN_ID="$NEWER" DROVER_FOLDER="$OWN" DROVER_ATTEMPT=2; ${say})`
  const late = `NEWER=$DROVER_RUN_ID OWN=$DROVER_FOLDER; ${asItWas}; ${asTheNewer}`
  await world.add('fenced', `if [ $DROVER_ATTEMPT = 1 ]; then ${first}; fi; ${late}; exit 1`, '--max-attempts', '2')
  await world.run(8)
  assert.equal(world.marked('late').length, 2)
  assert.ok(!world.marked('late').includes('0'), 'it was accepted')
  assert.equal(await world.status('fenced'), 'failed')
  assert.deepEqual(await world.all('task.reported', 'fenced'), [])
})

test('200: what an earlier run left does not complete the one after a requeue, and stays readable', async (t) => {
  const world = await makeWorld(t, {
    settings: 'max_attempts = 1\nagent = "quiet"\n[agents.quiet]\ncommand = "sh $MARKS/agent"\n',
  })
  const agent = join(world.marks, 'agent')
  writeFileSync(
    agent,
    'printf "Verdict: BLOCK\\n\\n## Summary\\n\\nneeds a decision\\n" > PARCEL_DONE-old.md; drover parcel done --verdict FAIL --summary "it failed"\n',
  )
  await world.ok('add', 'Leave a marker and a report', '--id', 'old', '--skip-validation')
  await world.run(8)
  assert.equal(await world.status('old'), 'failed')
  writeFileSync(agent, 'cat > /dev/null\n')
  await world.ok('requeue', 'old')
  await world.run(8)
  assert.match((await world.task('old')).lastError!, /nothing was reported/)
  assert.deepEqual(
    (await world.all('task.failed', 'old')).map(({ attempt, data }) => [attempt, data.verdict?.summary]),
    [
      [1, 'it failed'],
      [2, 'exit code 0, but nothing was reported and nothing changed'],
    ],
  )
})

test('201: cancel ends every process of the attempt, and a late report revives nothing', async (t) => {
  const world = await makeWorld(t)
  const late =
    'trap "" TERM; while [ ! -f "$MARKS/cancelled" ]; do sleep 0.05; done; drover parcel done --verdict PASS --summary late; echo $? > "$MARKS/late"'
  await world.add('ended', `setsid sleep 1000 & nohup sleep 1000 & (${late}) & ${stays}`)
  const daemon = await world.daemon()
  await world.untilMarked('starts')
  await world.ok('cancel', 'ended', '-m', 'no longer wanted')
  writeFileSync(join(world.marks, 'cancelled'), '')
  await world.until('the attempt is over', async (reading) =>
    (await reading.openAttempts()).length === 0 ? true : undefined,
  )
  const left = (await world.processes()).filter(({ mark }) => mark.startsWith('DROVER_RUN_ID='))
  assert.deepEqual(left, [])
  assert.equal(await world.status('ended'), 'cancelled')
  daemon.send('SIGTERM')
  await daemon.ended
})

test('209: as many work at once as may, however many have not reported', async (t) => {
  const world = await makeWorld(t)
  const one = 'echo in >> "$MARKS/log"; sleep 0.15; echo out >> "$MARKS/log"'
  for (let n = 1; n <= 6; n++) await world.add(`w${n}`, one)
  await world.run(0, '-w', '2')
  let now = 0
  const most = Math.max(...world.marked('log').map((line) => (now += line === 'in' ? 1 : -1)))
  assert.equal(most, 2)
})

test('217: half a report is never read as one', async (t) => {
  const world = await makeWorld(t)
  await world.add(
    'half',
    'printf \'{"token":"%s","report":{"verdict":"PASS","summary":"ha\' "$DROVER_TOKEN" > "$DROVER_FOLDER/report.json"; exit 4',
    '--max-attempts',
    '1',
  )
  await world.run(8)
  assert.match((await world.task('half')).lastError!, /exit code 4/)
})

test('219: a marker file that came with the repository ends nothing', async (t) => {
  const world = await makeWorld(t, {
    files: { 'PARCEL_DONE-marked.md': 'Verdict: PASS\n\n## Summary\n\nfrom long ago\n' },
  })
  await world.add('marked', 'exit 5', '--max-attempts', '1')
  await world.run(8)
  assert.equal(await world.status('marked'), 'failed')
})

test('227: what the task says is what its agent reads, hints and earlier failures included', async (t) => {
  const world = await makeWorld(t, {
    settings:
      'agent = "reader"\nguidelines = "Write short sentences."\n[agents.reader]\ncommand = "cat > $MARKS/prompt-$DROVER_ATTEMPT; test $DROVER_ATTEMPT = 2 && echo x > x || exit 3"\n',
  })
  await world.ok(
    'add',
    'Build the thing',
    '--id',
    'read',
    '-d',
    'With "quotes", $HOME and `ticks`.',
    '--accept',
    'it works',
  )
  await world.ok('hint', 'read', 'begin at the end')
  await world.run()
  const first = world.marked('prompt-1').join('\n')
  for (const words of [
    '# Build the thing',
    'With "quotes", $HOME and `ticks`.',
    '- it works',
    'Write short sentences.',
    '- begin at the end',
  ])
    assert.ok(first.includes(words), words)
  assert.match(world.marked('prompt-2').join('\n'), /Attempt 1: exit code 3/)
})

test('230: parcel done takes 0 as a value, and leaves an open stdin alone', async (t) => {
  const world = await makeWorld(t)
  const report =
    'mkfifo "$MARKS/in"; sleep 1000 > "$MARKS/in" & drover parcel done --verdict PASS --summary ok --tests-passed 0 --tokens-in 0 < "$MARKS/in"'
  await world.add('zero', `${report}; echo $? > "$MARKS/code"`)
  await world.run()
  assert.deepEqual(world.marked('code'), ['0'])
  const [said] = await world.all('task.reported', 'zero')
  assert.deepEqual(
    [said?.data.report.testsPassed, said?.data.report.tokensIn, said?.data.report.tokensOut],
    [0, 0, null],
  )
})

test('231: attempts that fail are tried again after a wait that grows', async (t) => {
  const world = await makeWorld(t, { settings: 'retry_delay_max = "10s"\n' })
  world.env['DROVER_RETRY_DELAY'] = '200ms'
  await world.add('red', `${started}; exit 1`, '--max-attempts', '4')
  await world.run(8)
  const waits = (await world.all('task.retried', 'red')).map(({ at, data }) => data.notBefore - at)
  assert.equal(waits.length, 3)
  for (const [n, wait] of waits.entries())
    // Between the decision and its row there may be a moment.
    assert.ok(wait >= 200 * 2 ** n - 100 && wait <= 200 * 2 ** n * 1.25 + 1, `${waits.join(', ')}`)
  const claims = (await world.all('task.claimed', 'red')).map(({ at }) => at)
  const due = (await world.all('task.retried', 'red')).map(({ data }) => data.notBefore)
  for (const [n, at] of due.entries()) assert.ok(claims[n + 1]! >= at, 'it began before its time')
})

test('232: a worker that hangs is stopped after its own time, with all it started', async (t) => {
  const world = await makeWorld(t)
  await world.add('hangs', `setsid sleep 1000 & ${stays}`, '--timeout', '300ms', '--max-attempts', '1')
  await world.add('quick', 'echo ok > ok.txt')
  await world.run(8)
  assert.equal((await world.all('task.failed', 'hangs'))[0]?.data.reason, 'timeout')
  assert.equal(await world.status('quick'), 'completed')
})

test('a worker that says nothing for too long is stopped, one that speaks is not', async (t) => {
  const world = await makeWorld(t, { settings: 'stall_timeout = "600ms"\nmax_attempts = 1\n' })
  await world.add('mute', stays)
  await world.add('speaks', 'for n in 1 2 3 4 5 6 7 8; do echo $n; sleep 0.15; done')
  await world.run(8)
  assert.equal((await world.all('task.failed', 'mute'))[0]?.data.reason, 'stalled')
  assert.equal(await world.status('speaks'), 'completed')
})

test('a check that contradicts a pass is a failed attempt, with its words', async (t) => {
  const world = await makeWorld(t)
  await world.add(
    'claims',
    'echo $DROVER_ATTEMPT > number; drover parcel done --verdict PASS --summary "all is well"',
    '--check',
    'grep -q 2 number',
  )
  await world.run()
  const [red] = await retries(world, 'claims')
  assert.match(red!.error, /it said pass \("all is well"\), but the check `grep -q 2 number` ended with 1/)
  assert.equal(world.git('show', 'main:number'), '2')
})

test('203: a worker that is blocked asks, its dependents wait, and the answer reaches it', async (t) => {
  const world = await makeWorld(t)
  const answered = 'grep -q "take the second" "$DROVER_FOLDER/prompt.md"'
  await world.add(
    'asks',
    `if ${answered}; then echo b > b; else drover parcel done --verdict BLOCK --summary "which of the two?"; fi`,
  )
  await world.add('waits', 'test -f b && echo c > c', '-b', 'asks')
  await world.run(8)
  assert.equal(await world.status('asks'), 'blocked(question)')
  assert.equal(await world.status('waits'), 'blocked(needs)')
  assert.match(await world.ok('why', 'waits'), /asks .*which of the two\?/s)
  await world.ok('resolve', 'asks', '--note', 'take the second')
  await world.run()
  assert.deepEqual([(await world.task('asks')).attempts, await world.status('waits')], [0, 'completed'])
  await assertInvariants(world, () => true)
})

test('229: no token of an attempt is in a log, the ledger or the repository', async (t) => {
  const world = await makeWorld(t)
  await world.add(
    'secret',
    'echo "$DROVER_TOKEN" > "$MARKS/token"; drover parcel done --verdict PASS --summary ok; echo ok > ok',
  )
  await world.run()
  const [token] = world.marked('token')
  assert.ok(token!.length >= 32)
  for (const file of [
    '.drover/log/daemon.jsonl',
    '.drover/drover.db',
    '.drover/drover.db-wal',
    '.drover/attempts/secret/1/out',
    '.drover/attempts/secret/1/prompt.md',
  ])
    if (existsSync(join(world.root, file)))
      assert.ok(!readFileSync(join(world.root, file), 'latin1').includes(token!), file)
})
