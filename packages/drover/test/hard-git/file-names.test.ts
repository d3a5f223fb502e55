import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
import { makeHard } from './hard-world.ts'

const long = 'n'.repeat(250)
const names: Record<string, string> = {
  newline: `printf x > "$(printf 'new\\nline')"`,
  invalid: `printf x > "$(printf 'caf\\351.txt')"; mkdir "$(printf 'dir\\351')"; printf x > "$(printf 'dir\\351/y')"`,
  option: 'printf x > ./-rf; mkdir ./--output=x; printf x > ./--output=x/-n',
  long: `printf x > ${long}; mkdir -p ${long}1/${long}2; printf x > ${long}1/${long}2/z`,
  odd: `printf x > 'a "b" \\ * ? [c] $d \`e\`'; printf x > ':(top)colon'; printf x > '!bang'; printf x > ' lead'; printf x > 'trail '; printf x > "$(printf 'tab\\tbell\\007')"`,
  unicode: `printf x > 'für 🐂.txt'; printf x > "$(printf 'e\\314\\201')"`,
}

test('any name that a file can have lands, and is in the checkout', async (t) => {
  const world = await makeHard(t)
  for (const [id, run] of Object.entries(names)) await world.add(id, run)
  await world.run()
  assert.deepEqual(world.tasksOnTarget().toSorted(), Object.keys(names).toSorted())
  assert.equal(world.git('status', '--porcelain'), '')
  assert.equal(lstatSync(Buffer.from(`${world.root}/caf\xe9.txt`, 'latin1')).size, 1)
  assert.equal(world.git('ls-tree', '-rz', '--name-only', 'main').split('\0').filter(Boolean).length, 17)
  await assertInvariants(world, () => true)
})

test('a name that is no text is never written over', async (t) => {
  const world = await makeHard(t, { files: { '.gitignore': '*.txt\n' } })
  const path = Buffer.from(`${world.root}/caf\xe9.txt`, 'latin1')
  writeFileSync(path, 'mine\n')
  await world.add('theirs', `echo theirs > "$(printf 'caf\\351.txt')"; git add -f .`)
  await world.run(8)
  assert.equal(await world.status('theirs'), 'blocked(checkout)')
  world.assertNothingLost('mine\n', 'theirs\n')
})

test('empty folders are no work, a link out of the repository is one, and neither is followed', async (t) => {
  const world = await makeHard(t)
  await world.add('folder', 'mkdir -p empty/deeper')
  await world.add('link', 'ln -s /etc outside; ln -s "$DROVER_ROOT" root; ln -s nowhere dangling')
  await world.add('through', 'test -e outside/passwd && rm outside root && echo 1 > outside', '-b', 'link')
  await world.run()
  assert.deepEqual(world.tasksOnTarget(), ['link', 'through'])
  assert.equal(world.read('outside'), '1\n')
  assert.ok(readdirSync('/etc').includes('passwd'))
  assert.equal(world.git('status', '--porcelain'), '')
  world.assertNothingLost()
})

test('a file of 60 MB takes seconds, and is the same to the last byte', async (t) => {
  const world = await makeHard(t, { settings: 'workers = 1\n' })
  await world.add('large', 'head -c 60000000 /dev/urandom > large.bin; sha256sum large.bin > "$MARKS/sum"')
  const began = performance.now()
  await world.run()
  const sum = createHash('sha256')
    .update(readFileSync(join(world.root, 'large.bin')))
    .digest('hex')
  assert.equal(sum, world.marked('sum')[0]!.split(' ')[0])
  assert.ok(performance.now() - began < 20_000)
})
