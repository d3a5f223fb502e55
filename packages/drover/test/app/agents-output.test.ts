import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openWorld, until } from './attempt-world.ts'

test('output wakes who waits for it, also what came since it was last read', async (t) => {
  const world = openWorld(t)
  const folder = world.folderOf('talks')
  const say = async () => {
    const input = await open(join(folder, 'in'), 'w')
    await input.write('go\n')
    await input.close()
  }
  const stirs = async () => {
    const asked = performance.now()
    await world.system.stirred(folder, 60_000, AbortSignal.timeout(10_000))
    assert.ok(performance.now() - asked < 5_000)
  }
  await world.launch('talks', 'echo one; read -r go; echo two; read -r go; echo three >&2; read -r go', {
    stdin: 'fifo',
  })
  await world.lines('talks', 1)
  const waits = stirs()
  await say()
  await waits
  await world.lines('talks', 2)
  await say()
  await until('the error', () => readFileSync(join(folder, 'err'), 'utf8') !== '')
  await stirs()
  assert.equal(await world.system.outputSize(folder), 'one\ntwo\nthree\n'.length)
  assert.equal(await world.system.tail(folder, 1000), 'one\ntwo\nthree\n')
  await world.end('talks')
})

test('what was printed before anybody read or waited wakes the first who waits', async (t) => {
  const world = openWorld(t)
  const folder = world.folderOf('early')
  await world.launch('early', 'echo one; read -r go', { stdin: 'fifo' })
  await until('the line', () => readFileSync(join(folder, 'out'), 'utf8') !== '')
  const asked = performance.now()
  await world.system.stirred(folder, 60_000, AbortSignal.timeout(10_000))
  assert.ok(performance.now() - asked < 5_000)
  await world.end('early')
})

test('a line that comes soon after another is heard at once, unless there is no end of them', async (t) => {
  const world = openWorld(t)
  const folder = world.folderOf('echo')
  await world.launch('echo', 'while read -r line; do echo "$line"; done', { stdin: 'fifo' })
  let shortest = Infinity
  // On a busy machine most things come late: once is enough, because a held line never comes so soon.
  for (const late = performance.now() + 10_000; shortest >= 20 && performance.now() < late;) {
    const begun = performance.now()
    for (let n = 0; n < 2; n += 1) {
      const waits = world.system.stirred(folder, 60_000, AbortSignal.timeout(10_000))
      const input = await open(join(folder, 'in'), 'w')
      await input.write('go\n')
      await input.close()
      await waits
    }
    shortest = Math.min(shortest, performance.now() - begun)
  }
  await world.end('echo')
  assert.ok(shortest < 20, `${shortest} ms`)
})

test('an agent that prints without end wakes the daemon now and then, and leaves it time', async (t) => {
  const world = openWorld(t)
  await world.launch('noisy', 'while :; do echo noise; done')
  let stirs = 0
  let turns = 0
  const turn = setInterval(() => (turns += 1), 1)
  for (const end = performance.now() + 500; performance.now() < end; stirs += 1) {
    await world.look('noisy')
    await world.system.stirred(world.folderOf('noisy'), 60_000, AbortSignal.timeout(10_000))
  }
  clearInterval(turn)
  await world.end('noisy')
  assert.ok(stirs >= 3 && stirs <= 33, `${stirs} times`)
  assert.ok(turns >= 50, `${turns} turns`)
})
