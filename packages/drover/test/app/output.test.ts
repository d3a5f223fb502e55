import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openWorld, type World } from './attempt-world.ts'

const mib = 1024 * 1024

/** An attempt whose output is this, of an agent that lives or is over. */
function withOutput(world: World, output: string | Buffer, state: 'alive' | 'over' = 'alive') {
  const folder = world.folderOf('said')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'out'), output)
  if (state === 'over') writeFileSync(join(folder, 'exit'), 'code 0\n')
  return folder
}

async function readAll(world: World, folder: string, limit: number) {
  const all: string[] = []
  for (let offset = 0; ;) {
    const read = await world.system.readLines(folder, offset, limit)
    if (read.offset === offset) return { lines: all, offset }
    all.push(...read.lines)
    offset = read.offset
  }
}

test('the same lines are read whatever the pieces they are read in', async (t) => {
  const world = openWorld(t)
  const lines = ['one', '', 'zwölf €', 'x'.repeat(300_000), '{"a":"\\n"}', 'last']
  const folder = withOutput(world, `${lines.join('\n')}\n`)
  for (const limit of [1, 2, 7, 100, 65_536, 262_144, 300_001, 10 * mib])
    assert.deepEqual((await readAll(world, folder, limit)).lines, lines, `limit ${limit}`)
})

test('a half line is left until it is whole, or until nobody can finish it', async (t) => {
  const world = openWorld(t)
  const folder = withOutput(world, 'one\ntw')
  assert.deepEqual(await world.system.readLines(folder, 0, mib), { lines: ['one'], offset: 4 })
  assert.deepEqual(await world.system.readLines(folder, 4, mib), { lines: [], offset: 4 })
  appendFileSync(join(folder, 'out'), 'o\nthr')
  assert.deepEqual(await world.system.readLines(folder, 4, mib), { lines: ['two'], offset: 8 })
  writeFileSync(join(folder, 'exit'), 'code 0\n')
  assert.deepEqual(await world.system.readLines(folder, 8, mib), { lines: ['thr'], offset: 11 })
  assert.deepEqual(await world.system.readLines(folder, 11, mib), { lines: [], offset: 11 })
})

test('a line is read up to 1 MiB, and the rest of it is left out', async (t) => {
  const world = openWorld(t)
  const folder = withOutput(world, `${'a'.repeat(mib)}\n${'b'.repeat(3 * mib)}\nshort\n`)
  for (const limit of [65_536, mib, 10 * mib]) {
    const { lines, offset } = await readAll(world, folder, limit)
    assert.deepEqual(
      lines.map((line) => line.length > 100),
      [true, true, false],
    )
    assert.equal(lines[0], 'a'.repeat(mib))
    assert.match(lines[1]!, /^b{1048576} … \[cut: .*\]$/)
    assert.equal(lines[2], 'short')
    assert.equal(offset, 4 * mib + 8)
  }
})

test('200 MB without a newline are read in little memory', async (t) => {
  const world = openWorld(t)
  const folder = withOutput(world, 'begin', 'over')
  truncateSync(join(folder, 'out'), 200 * mib)
  const before = process.memoryUsage().rss
  let most = 0
  let lines = 0
  for (let offset = 0; offset < 200 * mib;) {
    const read = await world.system.readLines(folder, offset, 256 * 1024)
    assert.ok(read.offset > offset)
    offset = read.offset
    lines += read.lines.length
    most = Math.max(most, process.memoryUsage().rss)
  }
  t.diagnostic(`${Math.round((most - before) / mib)} MiB more`)
  assert.equal(lines, 1)
  assert.ok(most - before < 100 * mib, `${Math.round((most - before) / mib)} MiB more`)
})

test('bytes that are no UTF-8 are read as well as they can be', async (t) => {
  const world = openWorld(t)
  const folder = withOutput(world, Buffer.from([0xff, 0x6f, 0x6b, 0x0a, 0xe2, 0x82, 0x0a, 0x00, 0x0a]))
  assert.deepEqual((await world.system.readLines(folder, 0, mib)).lines, ['\uFFFDok', '\uFFFD', '\0'])
})

test('the tail is the end of both streams, from a whole line on', async (t) => {
  const world = openWorld(t)
  const folder = withOutput(world, 'first\nsecond\nthird\n')
  assert.equal(await world.system.tail(folder, 1000), 'first\nsecond\nthird\n')
  assert.equal(await world.system.tail(folder, 15), 'second\nthird\n')
  writeFileSync(join(folder, 'err'), 'oh no\n')
  assert.equal(await world.system.tail(folder, 1000), 'first\nsecond\nthird\noh no\n')
})

test('an agent that has printed nothing has no lines', async (t) => {
  const world = openWorld(t)
  assert.deepEqual(await world.system.readLines(world.folderOf('never'), 0, mib), { lines: [], offset: 0 })
  assert.equal(await world.system.tail(world.folderOf('never'), mib), '')
  assert.equal(await world.system.outputSize(world.folderOf('never')), 0)
})
