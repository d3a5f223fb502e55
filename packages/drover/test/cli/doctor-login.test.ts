import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeWorld, type World } from '../support/world.ts'

/** A program that is asked whether somebody is logged in, and notes that it was. */
const program = `#!/bin/sh
case "$*" in
  --version) echo 9.8.7 ;;
  'auth status' | 'login status') echo "$https_proxy" >> "$MARKS/asked"; exit "$(cat "$MARKS/answer")" ;;
esac
`

async function withPrograms(t: TestContext): Promise<World> {
  const names = ['claude', 'codex', 'gemini', 'amp', 'copilot']
  const tables = names.map((name) => `[agents.${name}]\npath = "../${name}"\n`)
  const world = await makeWorld(t, { settings: `env_pass = ["MARKS"]\n${tables.join('')}` })
  for (const name of names) {
    writeFileSync(join(world.folder, name), program)
    chmodSync(join(world.folder, name), 0o755)
  }
  return world
}

const loginOf = async (world: World, agent: string): Promise<string> =>
  (await world.drover('doctor')).stdout.split('\n').find((line) => line.includes(` ${agent}: login`)) ?? ''
const says = (world: World, code: number): void => writeFileSync(join(world.marks, 'answer'), String(code))

test('doctor says whether somebody is logged in, by a variable, by what the program says, or why it is not known', async (t) => {
  const world = await withPrograms(t)
  const home = world.env['HOME']!
  assert.match(await loginOf(world, 'claude'), /^! .*login missing \(there is no .*\/\.claude\)/)
  assert.deepEqual(world.marked('asked'), [], 'a program that never ran is not started')
  assert.match((await world.drover('doctor')).stdout, /login missing .*\n +→ claude auth login/)
  mkdirSync(join(home, '.claude'))
  says(world, 1)
  assert.match(await loginOf(world, 'claude'), /^! .*login missing \(it says so\)/)
  says(world, 0)
  assert.match(await loginOf(world, 'claude'), /^✓ .*login ok \(it says so\)/)
  says(world, 7)
  assert.match(await loginOf(world, 'claude'), /^✓ .*login unknown \(.*: claude auth login/)
  assert.deepEqual(new Set(world.marked('asked')), new Set(['http://127.0.0.1:9']), 'it can reach nobody')
  world.env['ANTHROPIC_API_KEY'] = 'dummy'
  assert.match(await loginOf(world, 'claude'), /login ok \(by ANTHROPIC_API_KEY\)/)
  assert.doesNotMatch((await world.drover('doctor')).stdout, /dummy/)
})

test('doctor looks for the login of a program that cannot be asked where that program keeps it', async (t) => {
  const world = await withPrograms(t)
  const home = world.env['HOME']!
  assert.match(await loginOf(world, 'gemini'), /login unknown \(there is no login in .*\.gemini\/oauth_creds\.json\)/)
  mkdirSync(join(home, '.gemini'))
  writeFileSync(join(home, '.gemini/oauth_creds.json'), '{}')
  assert.match(await loginOf(world, 'gemini'), /login unknown/)
  writeFileSync(join(home, '.gemini/oauth_creds.json'), '{"access_token":"x"}')
  assert.match(await loginOf(world, 'gemini'), /login ok \(there is one in .*oauth_creds\.json\)/)
  assert.match(await loginOf(world, 'copilot'), /login unknown \(it keeps its login where only it can look/)
})
