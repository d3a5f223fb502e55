import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeWorld, type World } from '../support/world.ts'

const mib = 1024 * 1024
// The whole gigabyte takes a while: `DROVER_LONG=1` prints it.
const much = process.env['DROVER_LONG'] ? 1024 : 192

const outOf = (world: World, id: string): string => join(world.root, `.drover/attempts/${id}/1/out`)
const takenBy = (file: string): number => statSync(file).blocks * 512

/** The most memory this process ever had. */
const peakOf = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024

/** Prints so much in a while, as an agent that has gone mad does; the daemon's peak of memory afterwards. */
async function printing(world: World, script: string): Promise<{ peak: number; pid: number }> {
  await world.add('loud', `${script}\necho; echo the very end; echo done > done.txt`)
  const { pid } = await world.json('daemon', 'start')
  await world.untilStatus('loud', 'completed', 'failed')
  assert.equal(await world.status('loud'), 'completed', (await world.task('loud')).lastError ?? '')
  return { pid, peak: peakOf(pid) }
}

const floods: Record<string, string> = {
  'without a newline': `head -c ${much * mib} /dev/zero | tr '\\0' x`,
  'as lines': `yes 'one of very many lines that an agent prints, and nobody will ever read' | head -c ${much * mib}`,
}

for (const [how, script] of Object.entries(floods))
  test(`${much} MiB of output ${how} cost neither memory nor disk, and its end can be read`, async (t) => {
    const world = await makeWorld(t)
    const { peak, pid } = await printing(world, script)
    t.diagnostic(`peak ${Math.round(peak / mib)} MiB; ${Math.round(takenBy(outOf(world, 'loud')) / mib)} MiB of disk`)
    assert.ok(peak < 120 * mib, `the daemon had ${Math.round(peak / mib)} MiB`)
    const taken = takenBy(outOf(world, 'loud'))
    assert.ok(taken < 50 * mib, `it takes ${Math.round(taken / mib)} MiB of disk`)
    const logs = world.start('logs', 'loud', '-n', '3')
    const said = (await logs.ended).stdout
    assert.match(said, /the very end\n$/)
    assert.ok(said.length < 3 * mib, `logs printed ${said.length} bytes`)
    assert.ok(process.kill(pid, 0))
    await world.ok('daemon', 'stop')
  })

test('half a line, bytes that are no UTF-8, NUL and a terminal’s own codes are shown as what they are', async (t) => {
  const world = await makeWorld(t)
  const bytes = String.raw`\033]0;owned\007\033[2J\033[31mred\033[0m\n\377\376 no utf-8\na\000b\nb\bc\n\342\200\256right to left\nhalf a line`
  await world.add('odd', `printf '${bytes}'; printf 'an error without an end' >&2; echo done > done.txt`)
  await world.run()
  const said = await world.ok('logs', 'odd')
  // eslint-disable-next-line no-control-regex -- they are what this is about
  assert.doesNotMatch(said, /[\u0000-\u0009\u000B-\u001F\u202E]/)
  for (const part of ['red', '\uFFFD\uFFFD no utf-8', 'a\\x00b', 'b\\x08c', '\\u{202e}right to left', 'half a line'])
    assert.ok(said.includes(part), `${part} is not in ${JSON.stringify(said)}`)
  assert.match(said, /an error without an end\n$/)
  const lines = (await world.ok('logs', 'odd', '--json')).trim().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).line).slice(2, 3),
    ['a\0b'],
    'programs are given what was printed',
  )
  assert.match(await world.ok('logs', 'odd', '-n', '1'), /^half a line\nan error without an end\n$/)
})

test('whoever follows an agent sees its half line at its end, once', async (t) => {
  const world = await makeWorld(t)
  const untilGo = 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'
  await world.add(
    'slow',
    `echo whole; printf 'first '; echo x >> "$MARKS/half"; ${untilGo}; printf 'second'; echo 1 > one.txt`,
  )
  const run = world.start('run')
  await world.untilMarked('half')
  const logs = world.start('logs', '-f', 'slow')
  await world.until('logs follows', async () => (logs.said().includes('whole') ? true : undefined))
  writeFileSync(join(world.marks, 'go'), '')
  assert.equal((await run.ended).code, 0)
  const { code, stdout } = await logs.ended
  assert.deepEqual([code, stdout], [0, 'whole\nfirst second\n'])
})

test('one line of JSON of 10 MB is read, judged and shown in part', async (t) => {
  const world = await makeWorld(t)
  await world.add(
    'json',
    `printf '{"a":"'; head -c 10000000 /dev/zero | tr '\\0' x; printf '"}\\n'; echo done > done.txt`,
  )
  await world.run()
  const said = await world.ok('logs', 'json')
  assert.match(said, /^… \[\d+ bytes left out\] x+"\}\n$/)
  assert.ok(said.length < 2 * mib)
})
