import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertInvariants, landedOn, pictureOf } from '../support/invariants.ts'
import { makeWorld, type World } from '../support/world.ts'

const untilGo = 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'
const go = (world: World): void => writeFileSync(join(world.marks, 'go'), '')
const note = async (world: World, id: string) => (await world.task(id)).blockedNote

test('202: cancel while its gate runs neither lands nor holds up anybody else', async (t) => {
  const gate = `if [ -f slow.txt ]; then echo in >> "$MARKS/gates"; ${untilGo}; fi`
  const world = await makeWorld(t, { settings: `[land]\ngate = '${gate}'\n` })
  await world.add('slow', 'echo slow > slow.txt')
  const daemon = await world.daemon()
  await world.untilMarked('gates')
  await world.ok('cancel', 'slow')
  await world.add('next', 'echo next > next.txt')
  await world.untilStatus('next', 'completed')
  assert.equal(await world.status('slow'), 'cancelled')
  assert.deepEqual(
    landedOn(world).flatMap(({ tasks }) => tasks),
    ['next'],
  )
  daemon.send('SIGTERM')
  await daemon.ended
  await assertInvariants(world, () => true)
})

test('204: a need that has landed already is met', async (t) => {
  const world = await makeWorld(t)
  await world.add('first', 'echo 1 > one.txt')
  await world.run()
  await world.add('second', 'test -f one.txt && echo 2 > two.txt', '-b', 'first')
  assert.equal(await world.status('second'), 'ready')
  await world.run()
  await assertInvariants(world, () => true)
})

test('210: nothing of drover enters a commit, and who committed all gets no commit more', async (t) => {
  const world = await makeWorld(t)
  const marker =
    'printf "Verdict: PASS\\n\\n## Summary\\n\\nok\\n" > "PARCEL_DONE-$DROVER_TASK_ID.md"; echo "{}" > result.json.new; drover parcel progress here'
  await world.add(
    'tidy',
    `echo 1 > one.txt; git add one.txt; git commit -q -m "feat: one file"; ${marker}; rm result.json.new`,
  )
  await world.run()
  assert.deepEqual(world.git('show', '--format=%s', '--name-only', 'main').split('\n').filter(Boolean), [
    'feat: one file',
    'one.txt',
  ])
  assert.equal(world.git('rev-list', '--count', 'main'), '2')
  assert.equal(world.git('log', '-1', '--format=%an <%ae>', 'main'), 'Ada <ada@example.test>')
})

test('211, 212: three that end together land one after another, each gated on the tip it lands on, none in vain', async (t) => {
  const world = await makeWorld(t, {
    settings: '[land]\ngate = \'ls *.txt | tr "\\n" " " >> "$MARKS/gates"; echo >> "$MARKS/gates"\'\n',
  })
  for (const n of [1, 2, 3]) await world.add(`t${n}`, `echo in >> "$MARKS/ready"; ${untilGo}; echo ${n} > ${n}.txt`)
  const daemon = await world.daemon()
  await world.untilMarked('ready', 3)
  go(world)
  await world.until('all have landed', async (reading) =>
    (await reading.standing()).counts.completed === 3 ? true : undefined,
  )
  assert.deepEqual(
    world.marked('gates').map((line) => line.trim().split(' ').length),
    [1, 2, 3],
    'each saw what landed before it',
  )
  const landed = await world.all('landing.landed')
  for (const [n, { data }] of landed.entries()) if (n > 0) assert.equal(data.from, landed[n - 1]!.data.commit)
  daemon.send('SIGTERM')
  await daemon.ended
  await assertInvariants(world, () => true)
})

test('213: with a remote that is behind, the local branch is what work lands on, and nothing is sent', async (t) => {
  const world = await makeWorld(t)
  world.git('clone', '-q', '--bare', '.', '../remote.git')
  world.git('remote', 'add', 'origin', '../remote.git')
  world.git('fetch', '-q')
  world.git('branch', '-q', '-u', 'origin/main')
  const local = world.commit({ 'local.txt': 'not pushed\n' })
  await world.add('more', 'test -f local.txt && echo 1 > one.txt')
  await world.run()
  assert.equal(world.git('rev-parse', 'main^'), local)
  assert.equal(world.git('--git-dir=../remote.git', 'rev-list', '--count', 'main'), '1')
})

test('214: the operator’s branch, index and files stay as they are, however dirty', async (t) => {
  const world = await makeWorld(t, { files: { 'a.txt': 'a\n', 'b.txt': 'b\n' } })
  world.git('checkout', '-q', '-b', 'mine')
  world.write({ 'a.txt': 'edited\n', 'new.txt': 'not known\n', 'c.txt': 'mine\n' })
  world.git('add', 'a.txt')
  world.write({ 'a.txt': 'edited again\n' })
  const before = pictureOf(world)
  await world.add('same', 'echo theirs > a.txt; echo theirs > c.txt; rm b.txt')
  await world.run()
  assert.equal(pictureOf(world), before)
  assert.equal(world.git('show', 'main:a.txt'), 'theirs')
})

test('215: a missing program, a red gate, a dirty checkout and a conflict are four different reasons', async (t) => {
  const gate =
    'if [ -f missing ]; then no-such-program --all || exit; fi; if [ -f red ]; then echo "2 tests failed"; exit 1; fi'
  const world = await makeWorld(t, {
    files: { 'a.txt': 'a\n', 'b.txt': 'b\n' },
    settings: `max_attempts = 1\n[land]\ngate = '${gate}'\n`,
  })
  await world.add('missing', 'touch missing')
  await world.add('red', 'touch red')
  await world.add('dirty', 'echo theirs > a.txt')
  await world.add('conflict', `echo in >> "$MARKS/in"; ${untilGo}; echo theirs > b.txt`)
  const run = world.start('run')
  await world.untilMarked('in')
  world.write({ 'b.txt': 'mine\n', 'a.txt': 'not committed\n' })
  world.git('commit', '-q', '-m', 'mine', 'b.txt')
  go(world)
  assert.equal((await run.ended).code, 8)
  const notes = await Promise.all(['missing', 'red', 'dirty', 'conflict'].map((id) => note(world, id)))
  const standing = await Promise.all(['missing', 'red', 'dirty', 'conflict'].map((id) => world.status(id)))
  assert.deepEqual(standing, ['blocked(gate)', 'blocked(gate)', 'blocked(checkout)', 'blocked(conflict)'])
  assert.match(notes[0]!, /no-such-program.*not found/s)
  assert.match(notes[1]!, /2 tests failed/)
  assert.match(notes[2]!, /a\.txt.*commit or stash/s)
  assert.match(notes[3]!, /conflict in b\.txt/)
  assert.equal(world.read('a.txt'), 'not committed\n')
})

test('216: the history has every phase of a landing, and one row for each', async (t) => {
  const world = await makeWorld(t, { settings: '[land]\ngate = "! test -f red"\n' })
  await world.add('twice', 'if mkdir "$MARKS/first" 2>/dev/null; then touch red; fi; echo 1 > one.txt')
  await world.run()
  const { landings } = await world.json('land', 'history', 'twice')
  assert.deepEqual(
    landings.map((row: Record<string, unknown>) => [row['attempt'], row['outcome'], row['reason']]),
    [
      [1, 'refused', 'gate'],
      [2, 'landed', null],
    ],
  )
  assert.equal(landings[1].commit, world.git('rev-parse', 'main'))
  const phases = (await world.story('twice')).filter((type) => type.startsWith('landing.'))
  assert.deepEqual(phases, ['landing.gated', 'landing.refused', 'landing.gated', 'landing.intended', 'landing.landed'])
})

test('221, 222: what is cleaned up is kept first, logs are left alone, and no unmerged branch goes', async (t) => {
  const world = await makeWorld(t, { settings: 'max_attempts = 1\n' })
  await world.add(
    'asks',
    'echo precious > work.txt; git add -A; git commit -q -m "feat: work"; echo more > more.txt; drover parcel done --verdict BLOCK --summary "yes or no?"',
  )
  await world.run(8)
  const branch = world.git('rev-parse', 'drover/asks')
  mkdirSync(join(world.root, '.drover/worktrees/logs'), { recursive: true })
  world.write({ '.drover/worktrees/logs/a.log': 'mine\n' })
  await world.ok('worktree', 'prune', '--yes')
  assert.equal(world.has('.drover/worktrees/_1/work.txt'), true, 'its task is not over')
  world.write({ '.drover/worktrees/_1/later.txt': 'left by who looked around\n' })
  await world.ok('worktree', 'cleanup', '--yes')
  assert.equal(world.has('.drover/worktrees/_1'), false)
  assert.equal(world.has('.drover/worktrees/logs/a.log'), true)
  world.git('merge-base', '--is-ancestor', branch, 'drover/asks')
  assert.equal(world.git('show', 'drover/asks:more.txt'), 'more')
  const { branch: restored } = await world.json('rescue', 'restore', 'asks/1')
  assert.equal(world.git('show', `${restored}:work.txt`), 'precious')
  assert.equal(world.git('show', `${restored}:later.txt`), 'left by who looked around')
})

test('what lands by hand waits for it, with all that stands behind, and that is no failure', async (t) => {
  const world = await makeWorld(t)
  await world.add('by-hand', 'echo 1 > one.txt', '--land', 'manual')
  await world.add('behind', 'test -f one.txt && echo 2 > two.txt', '-b', 'by-hand')
  await world.run(0)
  assert.deepEqual([await world.status('by-hand'), await world.status('behind')], ['blocked(review)', 'blocked(needs)'])
  assert.match(await world.ok('land', 'status'), /review +by-hand/)
  await world.ok('land', 'by-hand')
  await world.run(0)
  assert.deepEqual([await world.status('by-hand'), await world.status('behind')], ['completed', 'completed'])
  await world.refused(5, 'land', 'by-hand')
  await assertInvariants(world, () => true)
})

test('--no-land leaves everything for a person, and land takes several', async (t) => {
  const world = await makeWorld(t)
  for (const n of [1, 2]) await world.add(`t${n}`, `echo ${n} > ${n}.txt`)
  await world.run(0, '--no-land')
  assert.equal(world.git('rev-list', '--count', 'main'), '1')
  await world.ok('land', 't1', 't2')
  await world.run(0)
  assert.equal(world.git('rev-list', '--count', 'main'), '3')
})

test('land retry tries a refused landing again without an agent', async (t) => {
  const world = await makeWorld(t, { settings: 'max_attempts = 1\n[land]\ngate = \'test -f "$MARKS/green"\'\n' })
  await world.add('waits', 'echo 1 > one.txt')
  await world.run(8)
  assert.equal(await world.status('waits'), 'blocked(gate)')
  writeFileSync(join(world.marks, 'green'), '')
  await world.ok('land', 'retry', 'waits')
  await world.run(0)
  assert.deepEqual([await world.status('waits'), (await world.task('waits')).attempt], ['completed', 1])
  await assertInvariants(world, () => true)
})

test('a gate that takes too long is ended with all it started, and says so', async (t) => {
  const world = await makeWorld(t, {
    settings: 'max_attempts = 1\n[land]\ngate = "setsid sleep 1000 & sleep 1000"\ngate_timeout = "300ms"\n',
  })
  await world.add('late', 'echo 1 > one.txt')
  await world.run(8)
  assert.equal(await world.status('late'), 'blocked(gate)')
  assert.match(await note(world, 'late'), /longer than/)
})

test('a protected path waits for a person, who approves that commit and no other', async (t) => {
  const world = await makeWorld(t, { settings: '[land]\nprotected = ["secret/**"]\n' })
  await world.add('guarded', 'mkdir secret; echo 1 > secret/key')
  await world.add('settings', 'echo "workers = 99" >> .drover.toml')
  await world.run(8)
  assert.deepEqual(
    [await world.status('guarded'), await world.status('settings')],
    ['blocked(review)', 'blocked(review)'],
  )
  assert.match(await note(world, 'guarded'), /secret\/key/)
  await world.ok('resolve', 'guarded')
  await world.run(8)
  assert.equal(world.git('show', 'main:secret/key'), '1')
  assert.equal(await world.status('settings'), 'blocked(review)')
  await assertInvariants(world, () => true)
})

test('an edit in the way of a landing holds it up by name, and it lands by itself once that is gone', async (t) => {
  const world = await makeWorld(t, { files: { 'a.txt': 'a\n', 'b.txt': 'b\n' } })
  world.write({ 'a.txt': 'my edit\n', 'b.txt': 'another\n' })
  await world.add('theirs', 'echo theirs > a.txt')
  const daemon = await world.daemon()
  await world.untilStatus('theirs', 'blocked(checkout)')
  assert.match(await note(world, 'theirs'), /a\.txt/)
  assert.equal(world.read('a.txt'), 'my edit\n')
  world.git('checkout', '-q', 'a.txt')
  await world.untilStatus('theirs', 'completed')
  assert.equal(world.read('a.txt'), 'theirs\n')
  assert.equal(world.read('b.txt'), 'another\n')
  assert.equal(world.git('status', '--porcelain'), ' M b.txt')
  daemon.send('SIGTERM')
  await daemon.ended
  await assertInvariants(world, () => true)
})

test('completed work that is done again from the tip lands again', async (t) => {
  const world = await makeWorld(t)
  await world.add('again', 'echo "$DROVER_ATTEMPT" >> log.txt')
  await world.run()
  await world.ok('retry', 'again', '--force')
  await world.run()
  assert.equal(world.git('show', 'main:log.txt'), '1\n2')
  assert.equal(landedOn(world).filter(({ tasks }) => tasks.includes('again')).length, 2)
})

test('225: adding what is there already is one line, and changes nothing', async (t) => {
  const world = await makeWorld(t)
  await world.add('same', 'true')
  const words = await world.refused(5, 'add', 'Another', '--id', 'same', '--skip-validation')
  assert.equal(words.trim().split('\n').length, 2, words)
  assert.equal((await world.task('same')).title, 'Work on same')
})

test('where no gate runs, work that is done lands before more is begun, so worktrees stay few', async (t) => {
  const world = await makeWorld(t)
  for (let n = 1; n <= 12; n++) await world.add(`quick-${n}`, `echo ${n} > ${n}.txt`)
  await world.ok('run', '--workers', '2')
  assert.equal(world.git('ls-files', '*.txt').split('\n').length, 12)
  const made = readdirSync(join(world.root, '.drover/worktrees')).filter((name) => /^_\d+\.json$/.test(name))
  assert.deepEqual(made.toSorted(), ['_1.json', '_2.json'])
})
