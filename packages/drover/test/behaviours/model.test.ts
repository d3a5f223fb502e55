import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeWorld } from '../support/world.ts'

const stub = fileURLToPath(new URL('../support/limited-claude.mjs', import.meta.url))

test('a task’s own model comes before the agent’s, and an empty one leaves the choice to the agent', async (t) => {
  const world = await makeWorld(t)
  const program = join(world.folder, 'claude')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${stub}' "$@"\n`)
  chmodSync(program, 0o755)
  world.commit({ '.drover.toml': '[agents.claude]\npath = "../claude"\nmodel = "set"\n' })
  const add = (id: string, ...words: string[]) =>
    world.ok('add', `Write ${id}`, '--id', id, '--skip-validation', ...words)
  await add('own', '--model', ' mine ')
  await add('plain')
  await add('free')
  await world.ok('edit', 'free', '--model', '')
  await world.run()
  assert.deepEqual(world.marked('starts').toSorted(), [
    'free claude new ',
    'own claude new mine',
    'plain claude new set',
  ])
  assert.match(await world.ok('show', 'own'), /^ {2}model {2,}mine$/m)
})
