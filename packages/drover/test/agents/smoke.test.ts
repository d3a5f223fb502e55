import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { type AgentName, type RealAgent, realAgent } from '../support/agent-cli.ts'
import { agentHome } from '../support/agent-home.ts'
import { type Model, startModel } from '../support/scripted-model/scripted-model.ts'

/** How a person would have it do one thing, with the prompt on stdin and nothing to be asked. */
const alone: Record<AgentName, string[]> = {
  claude: ['-p', '--dangerously-skip-permissions'],
  codex: ['exec', '--dangerously-bypass-approvals-and-sandbox', '-'],
  opencode: ['run'],
  gemini: ['--yolo', '--skip-trust'],
  copilot: ['--allow-all-tools', '--no-auto-update'],
}
const names = Object.keys(alone) as AgentName[]

const program = `Please do this.
[[name smoke]] [[usage 100 10]]
[[say I write it down.]] [[write notes/first.txt it is written]]
[[commit notes: the first one]]
[[say It is done.]]`

for (const name of names)
  test(`${name} writes and commits what the scripted model says, alone and offline`, async (t) => {
    const agent = await realAgent(t, name)
    if (agent === undefined) return
    const { model, root, env } = await makePlace(t, agent)
    const ran = await run(agent.path, alone[name], root, env)
    assert.equal(ran.code, 0, ran.said)
    assert.match(ran.said, /It is done\./)
    assert.equal(readFileSync(join(root, 'notes/first.txt'), 'utf8'), 'it is written\n')
    assert.equal(git(root, env, 'log', '-1', '--format=%s'), 'notes: the first one')
    const asked = model.log().filter((entry) => entry.name === 'smoke')
    assert.deepEqual(
      asked.map(({ step, outcome }) => `${step} ${outcome}`),
      ['0 answered', '1 answered', '2 answered'],
    )
    t.diagnostic(`${name}: ${ran.ms} ms`)
  })

async function makePlace(t: TestContext, agent: RealAgent): Promise<{ model: Model; root: string; env: Env }> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'drover-smoke-')))
  const model = await startModel()
  t.after(async () => {
    await model.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const [root, home] = [join(folder, 'project'), join(folder, 'home')]
  for (const path of [root, home]) mkdirSync(path)
  const env = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1', ...agentHome(agent, model.url, home).env }
  git(root, env, 'init', '-q', '-b', 'main')
  // Gemini’s shell sees no configuration of git but the repository’s.
  for (const [key, value] of [
    ['name', 'Ada'],
    ['email', 'ada@example.test'],
  ] as const)
    git(root, env, 'config', `user.${key}`, value)
  git(root, env, 'commit', '-q', '--allow-empty', '-m', 'first')
  return { model, root, env }
}

type Env = Record<string, string>

function git(cwd: string, env: Env, ...words: string[]): string {
  const ran = spawnSync('git', words, { cwd, env, encoding: 'utf8' })
  assert.equal(ran.status, 0, ran.stderr)
  return ran.stdout.trim()
}

async function run(path: string, words: string[], cwd: string, env: Env) {
  const begun = performance.now()
  const child = spawn(path, words, { cwd, env, stdio: 'pipe' })
  child.stdin.end(program)
  const late = setTimeout(() => child.kill('SIGKILL'), 120_000)
  const [out, err, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  clearTimeout(late)
  return { code: code ?? signal, said: out + err, ms: Math.round(performance.now() - begun) }
}
