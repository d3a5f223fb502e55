import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const support = fileURLToPath(new URL('../support/', import.meta.url))

/** A test that needs Codex, on a machine that has no npm. */
function testWithoutNpm(
  t: TestContext,
  more: Record<string, string>,
): { code: number | null; said: string; cache: string } {
  const folder = mkdtempSync(join(tmpdir(), 'drover-no-npm-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [file, cache] = [join(folder, 'needs-codex.test.mjs'), join(folder, 'agents')]
  writeFileSync(
    file,
    `import { test } from 'node:test'
import { realAgent } from '${support}agent-cli.ts'
test('it needs codex', async (t) => { if (await realAgent(t, 'codex')) throw new Error('where did it come from?') })`,
  )
  const env = { PATH: '/nowhere', HOME: folder, DROVER_TEST_AGENTS: cache, ...more }
  const ran = spawnSync(process.execPath, ['--test', '--test-reporter=spec', file], { env, encoding: 'utf8' })
  return { code: ran.status, said: ran.stdout + ran.stderr, cache }
}

test('a test whose agent cannot be had is skipped, and says so loudly', (t) => {
  const { code, said, cache } = testWithoutNpm(t, {})
  assert.equal(code, 0, said)
  assert.match(said, /skipped 1/)
  assert.match(said, /NOT TESTED: codex cannot be had: .*npm/)
  assert.deepEqual(readdirSync(cache), ['codex-0.169.0.half', 'codex.lock'])
})

test('in CI it fails', (t) => {
  const { code, said } = testWithoutNpm(t, { CI: 'true' })
  assert.equal(code, 1, said)
  assert.match(said, /NOT TESTED: codex cannot be had/)
})
