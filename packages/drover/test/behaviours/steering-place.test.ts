import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { addTalk, freeze, hintsHeard, mark, prompts, remembered, steps, stop } from '../support/talking.ts'
import { untilPrinted, withTalker } from '../support/talking.ts'
import { makeWorld, type Running, type World } from '../support/world.ts'

/** A daemon that is killed at this point. */
function doomed(world: World, point: string): Running {
  const faults = [{ point, nth: 1, what: 'daemon' }]
  const env = { NODE_ENV: 'test', DROVER_FAULTS: JSON.stringify({ faults }) }
  Object.assign(world.env, env)
  const running = world.start('daemon')
  for (const name of Object.keys(env)) delete world.env[name]
  return running
}

for (const point of [
  'agent launch before',
  'agent launch after',
  'task.hint_delivered before',
  'task.hint_delivered after',
])
  test(`a hint that begins a new program is told once, also when the daemon is killed there (${point})`, async (t) => {
    const world = await withTalker(t)
    await addTalk(world, 'a', ['wait go', 'write a.txt done'])
    const first = await world.daemon()
    await untilPrinted(world, 'a', 1, 'tool_use')
    await freeze(world, first)
    const hinting = world.drover('hint', 'a', 'also this [[append b.txt hinted]]')
    mark(world, 'go')
    await untilPrinted(world, 'a', 1, '"result":"Done."')
    await hinting
    process.kill(remembered(world).at(-1)!.pid, 'SIGKILL')
    await first.kill()
    await doomed(world, point).ended
    const last = await world.daemon()
    await world.untilStatus('a', 'completed')
    assert.deepEqual(steps(world).slice(2), ['append b.txt hinted'])
    const told = [...prompts(world), ...hintsHeard(world)].filter((text) => text.includes('also this'))
    assert.equal(told.length, 1)
    assert.equal((await world.all('task.hint_delivered', 'a')).length, 1)
    await stop(last)
  })

const stub = fileURLToPath(new URL('../support/amp-stub.mjs', import.meta.url))

/** Its hints are prompts of their own, said to a program that goes on living. */
async function withAmp(world: World): Promise<void> {
  const program = join(world.folder, 'amp')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${stub}' "$@"\n`)
  chmodSync(program, 0o755)
}

test('a hint that is the next turn of a living program is told once, also when the daemon is killed before it is written down', async (t) => {
  const settings = 'agent = "amp"\n[agents.amp]\npath = "../amp"\nenv = { AMP_API_KEY = "none" }\n'
  const world = await makeWorld(t, { settings })
  await withAmp(world)
  const untilGo = `touch "$MARKS/busy"; while [ ! -f "$MARKS/go" ]; do sleep 0.02; done; echo done > a.txt`
  await world.ok('add', 'Work', '--id', 'a', '-d', `[[bash ${untilGo}]]`, '--skip-validation')
  const first = doomed(world, 'task.hint_delivered before')
  await world.until('it is busy', async () => (world.has('../marks/busy') ? true : undefined))
  await world.ok('hint', 'a', '[[bash echo hinted >> b.txt; echo hinted >> "$MARKS/hinted"]]')
  mark(world, 'go')
  await first.ended
  await world.untilMarked('hinted')
  const last = await world.daemon()
  await world.untilStatus('a', 'completed')
  assert.deepEqual(world.marked('hinted'), ['hinted'])
  assert.equal((await world.all('task.hint_delivered', 'a')).length, 1)
  assert.equal(readFileSync(join(world.root, 'b.txt'), 'utf8'), 'hinted\n')
  await stop(last)
})
