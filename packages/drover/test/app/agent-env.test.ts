import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agentEnv } from '../../src/app/agent-env.ts'

const base = {
  PATH: '/bin',
  HOME: '/home/a',
  LC_ALL: 'C',
  XDG_RUNTIME_DIR: '/run',
  https_proxy: 'http://proxy',
  ANTHROPIC_API_KEY: 'key',
  AWS_SECRET_ACCESS_KEY: 'secret',
  DATABASE_URL: 'postgres://',
  DROVER_RUN_ID: 'of another',
  DROVER_DATABASE_URL: 'postgres://',
  DBOS_SYSTEM_DATABASE_URL: 'postgres://',
  PGPASSWORD: 'geheim',
  GIT_DIR: '/elsewhere',
  NPM_TOKEN: 'npm',
  npm_config_x: 'x',
  UNSET: undefined,
}

test('an agent sees the allow-list, its own variables, and nothing else', () => {
  assert.deepEqual(agentEnv(base, [], { DROVER_RUN_ID: 'p:task-1/1' }), {
    PATH: '/bin',
    HOME: '/home/a',
    LC_ALL: 'C',
    XDG_RUNTIME_DIR: '/run',
    https_proxy: 'http://proxy',
    ANTHROPIC_API_KEY: 'key',
    DROVER_RUN_ID: 'p:task-1/1',
  })
})

test('settings let more through, by name or by its beginning', () => {
  const seen = agentEnv(base, ['NPM_TOKEN', 'npm_*', 'UNSET'], {})
  assert.equal(seen['NPM_TOKEN'], 'npm')
  assert.equal(seen['npm_config_x'], 'x')
  assert.ok(!('UNSET' in seen))
})

test('nothing lets the way to the ledger through, not even a setting that names it', () => {
  const seen = agentEnv(base, ['PG*', 'DBOS_SYSTEM_DATABASE_URL', 'DROVER_DATABASE_URL', '*'], {})
  assert.deepEqual(
    Object.keys(seen).filter((name) => name.startsWith('PG') || /^(?:DBOS|DROVER)_/.test(name)),
    [],
  )
})

test('nothing lets drover’s marks or git’s directions through from outside', () => {
  const seen = agentEnv(base, ['*', 'DROVER_*', 'GIT_DIR'], {})
  assert.deepEqual(
    Object.keys(seen).filter((name) => /^(?:DROVER|GIT)_/.test(name)),
    [],
  )
  assert.equal(seen['AWS_SECRET_ACCESS_KEY'], 'secret')
})
