import assert from 'node:assert/strict'
import { chmodSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeHard, type HardWorld } from './hard-world.ts'

const files = {
  'a.txt': 'a\n',
  'b.txt': 'b\n',
  'lines.txt': '1\n2\n3\n4\n5\n6\n',
  '.gitignore': '.env\nbuild\nB.TXT\n',
}

/** The target's files stand in the checkout, but for what the person has there themselves. */
const status = (world: HardWorld): string[] => world.git('status', '--porcelain').split('\n').filter(Boolean).toSorted()

test('edits in other files stay to the byte, and git speaks of just those', async (t) => {
  const world = await makeHard(t, { files })
  const binary = '\0\x01\r\n no newline at the end'
  world.write({ 'a.txt': binary, 'new.txt': 'not known to git\n', '.env': 'KEY=1\n', 'staged.txt': 'staged\n' })
  world.git('add', 'staged.txt')
  world.write({ 'lines.txt': '1 staged\n2\n3\n4\n5\n6\n' })
  world.git('add', 'lines.txt')
  world.write({ 'lines.txt': '1 staged\n2\n3\n4\n5\n6 not staged\n' })
  chmodSync(join(world.root, 'README.md'), 0o755)
  await world.add('one', 'echo theirs > b.txt; echo new > c.txt; mkdir deep; echo deep > deep/d.txt')
  await world.run()
  assert.deepEqual(status(world), [' M README.md', ' M a.txt', '?? new.txt', 'A  staged.txt', 'MM lines.txt'])
  assert.equal(world.git('show', ':lines.txt'), '1 staged\n2\n3\n4\n5\n6')
  assert.deepEqual([world.read('b.txt'), world.read('deep/d.txt')], ['theirs\n', 'deep\n'])
  world.assertNothingLost('1 staged\n2\n3\n4\n5\n6 not staged\n')
  world.git('commit', '-qam', 'mine')
  assert.equal(world.landed('c.txt'), 'new', 'a commit of everything does not undo what has landed')
})

test('an edit in the same file holds the landing up with its name, and lifts itself by commit and by stash', async (t) => {
  const world = await makeHard(t, { files })
  world.write({ 'a.txt': 'my edit\n', 'lines.txt': 'one\n2\n3\n4\n5\n6\n' })
  world.git('add', 'lines.txt')
  await world.add('edited', 'echo theirs > a.txt')
  await world.add('staged', "sed -i 's/6/six/' lines.txt")
  const daemon = await world.daemon()
  await world.untilStatus('edited', 'blocked(checkout)')
  await world.untilStatus('staged', 'blocked(checkout)')
  assert.match(await world.note('edited'), /a\.txt: commit or stash/)
  assert.match(await world.ok('why', 'staged'), /lines\.txt/)
  world.assertNothingLost()
  world.git('stash', 'push', '-q', 'a.txt')
  await world.untilStatus('edited', 'completed')
  assert.equal(world.read('a.txt'), 'theirs\n')
  world.git('commit', '-qm', 'mine', 'lines.txt')
  await world.untilStatus('staged', 'completed')
  assert.equal(world.read('lines.txt'), 'one\n2\n3\n4\n5\nsix\n')
  assert.equal(world.git('show', 'stash@{0}:a.txt'), 'my edit')
  assert.deepEqual(status(world), [])
  daemon.send('SIGTERM')
  await daemon.ended
})

/** What stands in a checkout where a task wants its own, and how the person takes it out of the way. */
const inTheWay: Record<string, { there(world: HardWorld): void; run: string; names: RegExp }> = {
  'an untracked file': {
    there: (world) => world.write({ 'new.txt': 'mine\n' }),
    run: 'echo theirs > new.txt',
    names: /new\.txt/,
  },
  'an ignored .env': {
    there: (world) => world.write({ '.env': 'SECRET=mine\n' }),
    run: 'echo SECRET=theirs > .env; git add -f .env',
    names: /\.env/,
  },
  'a folder where a file comes': {
    there: (world) => world.write({ 'thing/inside.txt': 'mine\n' }),
    run: 'echo file > thing',
    names: /thing\/inside\.txt/,
  },
  'a file where a folder comes': {
    there: (world) => world.write({ place: 'mine\n' }),
    run: 'mkdir place; echo 1 > place/new.txt',
    names: /place/,
  },
  'an ignored folder where a file comes': {
    there: (world) => world.write({ 'build/out.bin': 'mine\n' }),
    run: 'echo file > build; git add -f build',
    names: /build\/out\.bin/,
  },
  'a link': {
    there: (world) => symlinkSync('/nowhere', join(world.root, 'link')),
    run: 'echo theirs > link',
    names: /link/,
  },
  'an ignored file of the same name in other case': {
    there: (world) => world.write({ 'B.TXT': 'mine\n' }),
    run: 'git mv b.txt B.TXT; echo theirs > B.TXT; git add -f B.TXT',
    names: /B\.TXT/,
  },
  'an edit of a file that the task removes': {
    there: (world) => world.write({ 'a.txt': 'edited\n' }),
    run: 'rm a.txt',
    names: /a\.txt/,
  },
}

test('what stands in the way is named and never overwritten, and everything else lands', async (t) => {
  const world = await makeHard(t, { files })
  const cases = Object.entries(inTheWay)
  for (const [n, [, { there, run }]] of cases.entries()) {
    there(world)
    await world.add(`way-${n}`, run)
  }
  await world.add('free', 'echo free > free.txt')
  await world.run(8)
  for (const [n, [name, { names }]] of cases.entries()) {
    assert.equal(await world.status(`way-${n}`), 'blocked(checkout)', name)
    assert.match(await world.note(`way-${n}`), names, name)
    assert.match(await world.note(`way-${n}`), /drover land way-/, name)
  }
  assert.equal(readlinkSync(join(world.root, 'link')), '/nowhere')
  assert.deepEqual(world.tasksOnTarget(), ['free'])
  world.assertNothingLost('SECRET=theirs\n')
})

test('modes, links and folders that become files reach the checkout as they are', async (t) => {
  const world = await makeHard(t, { files: { ...files, 'dir/x.txt': 'x\n', script: '#!/bin/sh\n' } })
  await world.add('mode', 'chmod +x script')
  await world.add('link', 'rm a.txt; ln -s b.txt a.txt; ln -s /etc/passwd users')
  await world.add('turn', 'rm -r dir; echo file > dir; rm lines.txt; mkdir lines.txt; echo 1 > lines.txt/one')
  mkdirSync(join(world.root, 'build'))
  await world.run()
  assert.equal(lstatSync(join(world.root, 'script')).mode & 0o111, 0o111)
  assert.equal(readlinkSync(join(world.root, 'a.txt')), 'b.txt')
  assert.equal(readlinkSync(join(world.root, 'users')), '/etc/passwd')
  assert.match(readFileSync('/etc/passwd', 'utf8'), /root/)
  assert.deepEqual([world.read('dir'), world.read('lines.txt/one')], ['file\n', '1\n'])
  assert.deepEqual(status(world), [])
  world.assertNothingLost()
})
