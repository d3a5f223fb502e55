import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chmodSync, writeFileSync } from 'node:fs'
import { mark, stop } from '../support/talking.ts'
import { makeWorld } from '../support/world.ts'

const stub = fileURLToPath(new URL('../support/old-codex.mjs', import.meta.url))

test('a program that knows only the second way is adopted in it, and goes on in its session in the next attempt', async (t) => {
  const world = await makeWorld(t, { settings: 'agent = "codex"\n[agents.codex]\npath = "../codex"\n' })
  const program = join(world.folder, 'codex')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${stub}' "$@"\n`)
  chmodSync(program, 0o755)
  await world.ok('add', 'Write it', '--id', 'a', '--check', 'test -e second.txt', '--skip-validation')
  const first = await world.daemon()
  await world.untilMarked('codex', 2)
  await world.until('it has a session', async () => ((await world.task('a')).session === null ? undefined : true))
  await first.kill()
  const second = await world.daemon()
  mark(world, 'go')
  await world.untilStatus('a', 'completed')
  assert.deepEqual(
    world.marked('codex').map((line) => line.trim()),
    ['app-server', 'exec', 'app-server', 'exec resume thread-1'],
  )
  await stop(second)
})
