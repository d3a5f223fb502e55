import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { realAgent } from '../support/agent-cli.ts'
import { makeWorld } from '../support/world.ts'

/** What each keeps of a person, before and after somebody has logged in with a key. */
const kept = {
  claude: { folder: '.claude', login: { '.claude/.credentials.json': { claudeAiOauth: credentials() } } },
  codex: { folder: '.codex', login: { '.codex/auth.json': { OPENAI_API_KEY: 'dummy' } } },
} as const

function credentials() {
  return {
    accessToken: 'dummy',
    refreshToken: 'dummy',
    expiresAt: 4_102_444_800_000,
    scopes: ['user:inference', 'user:profile'],
    subscriptionType: 'max',
  }
}

for (const name of ['claude', 'codex'] as const)
  test(`doctor knows from ${name} itself whether somebody is logged in, without a network`, async (t) => {
    const agent = await realAgent(t, name)
    if (!agent) return
    const world = await makeWorld(t, { settings: `agent = "${name}"\n[agents.${name}]\npath = "${agent.path}"\n` })
    const home = world.env['HOME']!
    const { folder, login } = kept[name]
    mkdirSync(join(home, folder))
    assert.match((await world.drover('doctor')).stdout, new RegExp(`! .*${name}: login missing \\(it says so\\)`))
    for (const [path, fields] of Object.entries(login)) writeFileSync(join(home, path), JSON.stringify(fields))
    assert.match((await world.drover('doctor')).stdout, new RegExp(`✓ .*${name}: login ok \\(it says so\\)`))
  })
