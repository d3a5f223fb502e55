import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTravellers } from '../support/travelling.ts'

test('while the remote is away nothing fails: what works waits with words, and goes on when it is back', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  await world.add('early', 'touch "$MARKS/works"; while [ ! -f "$MARKS/go" ]; do sleep 0.02; done; echo 1 > early.txt')
  const daemon = await world.daemon()
  await world.untilMarked('works', 0)
  await world.untilStatus('early', 'in_progress')
  await world.until('it works', async () => (world.has('../marks/works') ? true : undefined))
  renameSync(remote.folder, `${remote.folder}.away`)
  writeFileSync(join(world.marks, 'go'), '')
  await world.add('late', 'echo 2 > late.txt')
  await world.untilStatus('late', 'in_progress')
  await world.until('the remote is missed', async () =>
    world.log().match(/early waits for the remote/) ? true : undefined,
  )
  assert.match(await world.ok('status'), /The remote is away: .*does not appear to be a git repository/)
  assert.match(await world.ok('why', 'early'), /The remote is away/)
  assert.equal((await world.all('task.passed')).length, 0, 'nothing has passed whose work is not there')
  renameSync(`${remote.folder}.away`, remote.folder)
  await world.untilStatus('early', 'completed')
  await world.untilStatus('late', 'completed')
  assert.deepEqual((await world.all('task.retried')).length, 0)
  assert.doesNotMatch(await world.ok('status'), /away/)
  daemon.send('SIGTERM')
  await daemon.ended
  assert.deepEqual(remote.landed().toSorted(), ['early', 'late'])
})

test('a run that is stopped while the remote is away ends, and the next one lands its work', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  await world.add('one', 'echo 1 > one.txt; mv "$REMOTE" "$REMOTE.away"')
  world.env['REMOTE'] = remote.folder
  world.env['DROVER_ENV_PASS'] = 'MARKS,REMOTE'
  const daemon = await world.daemon()
  await world.until('the remote is missed', async () =>
    world.log().match(/one waits for the remote/) ? true : undefined,
  )
  daemon.send('SIGTERM')
  assert.equal((await daemon.ended).signal, null)
  renameSync(`${remote.folder}.away`, remote.folder)
  await world.ok('edit', 'one', '--run', 'echo 1 > one.txt').catch(() => undefined)
  await world.run()
  assert.deepEqual(remote.landed(), ['one'])
})

test('a push that the remote refuses waits for a person, in its words, and lands once it may', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  remote.hook(
    'pre-receive',
    'while read old new ref; do case $ref in refs/heads/*) echo "main is closed on Fridays" >&2; exit 1;; esac; done',
  )
  await world.add('one', 'echo 1 > one.txt')
  await world.run(8)
  assert.equal(await world.status('one'), 'blocked(review)')
  assert.match((await world.task('one')).blockedNote!, /main is closed on Fridays/)
  assert.deepEqual(remote.landed(), [])
  rmSync(join(remote.folder, 'hooks/pre-receive'))
  await world.ok('resolve', 'one')
  await world.run()
  assert.deepEqual(remote.landed(), ['one'])
  assert.deepEqual(remote.refs('refs/drover/wip/'), {})
})

test('work that the remote does not take does not pass, and its agent is told why', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  remote.hook(
    'pre-receive',
    'while read old new ref; do if [ "$new" != 0000000000000000000000000000000000000000 ] && git ls-tree -r --name-only $new | grep -q secret; then echo "there is a secret in it" >&2; exit 1; fi; done',
  )
  await world.add('one', 'echo 1 > one.txt; [ "$DROVER_ATTEMPT" = 2 ] || echo 1 > secret.txt')
  await world.run()
  const [retried] = await world.all('task.retried', 'one')
  assert.match(retried!.data.error, /the remote does not take its work: .*there is a secret in it/)
  assert.deepEqual(remote.landed(), ['one'])
})

test('commits that others push meanwhile are never lost', async (t) => {
  const { remote, worlds } = await makeTravellers(t, {
    land: `gate = 'if [ ! -f "$MARKS/once" ]; then touch "$MARKS/once"; cd "$OTHER" && echo theirs > theirs.txt && git add theirs.txt && git commit -qm theirs && git push -q origin main; fi'`,
  })
  const [world] = worlds as [(typeof worlds)[0]]
  const other = join(world.folder, 'other')
  world.git('clone', '-q', `file://${remote.folder}`, other)
  world.env['OTHER'] = other
  world.env['DROVER_ENV_PASS'] = 'MARKS,OTHER'
  await world.add('one', 'echo 1 > one.txt')
  await world.run()
  assert.equal(remote.git('show', 'main:theirs.txt'), 'theirs')
  assert.equal(remote.git('show', 'main:one.txt'), '1')
  assert.equal(remote.git('log', '-2', '--format=%s', 'main').split('\n')[1], 'theirs')
  assert.deepEqual(
    (await world.all('landing.refused')).map(({ data }) => data.reason),
    ['moved'],
  )
  assert.equal(world.git('rev-parse', 'main'), remote.tip(), 'the checkout has both')
})

test("a branch of the person's that has commits of its own stays theirs, and status says how it stands", async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  const own = world.commit({ 'mine.txt': 'mine' }, 'mine')
  await world.add('one', 'test ! -f mine.txt && echo 1 > one.txt')
  await world.run()
  assert.deepEqual(remote.landed(), ['one'])
  assert.equal(world.git('rev-parse', 'main'), own)
  assert.match(
    await world.ok('status'),
    /Your main has 1 commit that is not on origin\/main, so agents do not see it; it lacks 1 commit of origin\/main/,
  )
  assert.match((await world.drover('doctor')).stdout, /git pull --rebase origin main && git push origin main/)
  world.git('pull', '-q', '--rebase', 'origin', 'main')
  world.git('push', '-q', 'origin', 'main')
  assert.doesNotMatch(await world.ok('status'), /Your main/)
  await world.add('two', 'test -f mine.txt && echo 2 > two.txt')
  await world.run()
  assert.equal(world.git('rev-parse', 'main'), remote.tip())
})

test('an edited file in the way keeps the checkout where it is, and nothing else', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  world.write({ 'README.md': 'my words\n' })
  await world.add('one', 'echo 1 >> README.md')
  await world.run()
  assert.deepEqual(remote.landed(), ['one'])
  assert.equal(world.read('README.md'), 'my words\n')
  assert.match(await world.ok('status'), /Your main is 1 commit behind origin\/main/)
  world.git('checkout', '-q', 'README.md')
  await world.run()
  assert.equal(world.git('rev-parse', 'main'), remote.tip())
  assert.equal(world.git('status', '--porcelain'), '')
})

test('a remote branch that a person moves back gets only what is new', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  await world.add('one', 'echo 1 > one.txt')
  await world.run()
  remote.git('update-ref', 'refs/heads/main', 'main^')
  await world.add('two', 'test ! -f one.txt && echo 2 > two.txt')
  await world.run()
  assert.deepEqual(remote.landed(), ['two'])
  assert.equal(await world.status('two'), 'completed')
})

test('a landed task that is done again lands once more', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  await world.add('one', 'echo "$DROVER_ATTEMPT" > one.txt')
  await world.run()
  const first = remote.refs('refs/drover/landed/')['one']
  await world.ok('retry', 'one', '--force')
  await world.run()
  assert.deepEqual(remote.landed(), ['one', 'one'])
  assert.notEqual(remote.refs('refs/drover/landed/')['one'], first)
  assert.equal(remote.git('show', 'main:one.txt'), '2')
  assert.match(world.git('for-each-ref', 'refs/drover/rescue/one/landed-1'), new RegExp(first!))
})

test('the names of branches are never words of git', async (t) => {
  const branch = "-x;$(touch${IFS}pwned)'&"
  const { remote, worlds } = await makeTravellers(t, { branch: `feature/${branch}` })
  const [world] = worlds as [(typeof worlds)[0]]
  await world.add('one', 'echo 1 > one.txt')
  await world.run()
  assert.deepEqual(remote.landed(), ['one'])
  assert.equal(world.has('pwned'), false)
})

test("the person's own hooks do not run when drover pushes, the remote's do", async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  world.write({ '.git/hooks/pre-push': '#!/bin/sh\nexit 1\n' })
  rmSync(join(world.root, '.git/hooks/pre-push.sample'), { force: true })
  world.git('update-index', '-q', '--refresh')
  const { chmodSync } = await import('node:fs')
  chmodSync(join(world.root, '.git/hooks/pre-push'), 0o755)
  remote.hook('post-receive', `cat >> '${join(world.marks, 'received')}'`)
  await world.add('one', 'echo 1 > one.txt')
  await world.run()
  assert.ok(world.marked('received').some((line) => line.endsWith('refs/heads/main')))
})

test('a remote that was exchanged is not spoken to until a person has agreed', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  const evil = join(world.folder, 'evil.git')
  world.git('clone', '-q', '--bare', remote.folder, evil)
  await world.add('one', `git config remote.origin.url '${evil}'; echo 1 > one.txt`)
  const daemon = await world.daemon()
  await world.until('it is seen', async () =>
    world.log().match(/nobody has agreed to \(remote\.origin\.url\)/) ? true : undefined,
  )
  assert.equal(world.git('--git-dir', evil, 'for-each-ref', 'refs/drover'), '')
  world.git('config', 'remote.origin.url', `file://${remote.folder}`)
  await world.untilStatus('one', 'completed')
  daemon.send('SIGTERM')
  await daemon.ended
  assert.deepEqual(remote.landed(), ['one'])
})

test('another project with the same remote and a task of the same name does not pass for ours', async (t) => {
  const { remote, worlds } = await makeTravellers(t, { clones: 2 })
  const [world, other] = worlds as [(typeof worlds)[0], (typeof worlds)[0]]
  await world.add('one', 'echo 1 > one.txt')
  await world.run()
  await other.add('one', 'echo 2 > two.txt')
  await other.run(8)
  assert.equal(await other.status('one'), 'blocked(review)')
  assert.deepEqual(remote.landed(), ['one'])
})
