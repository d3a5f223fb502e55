import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'

/** The programs that the tests drive, at the versions whose behaviour was measured. */
export const agentPrograms = {
  claude: { package: '@anthropic-ai/claude-code', version: '2.1.329', program: 'claude' },
  codex: { package: '@openai/codex', version: '0.169.0', program: 'codex' },
  opencode: { package: 'opencode-ai', version: '1.18.33', program: 'opencode' },
  gemini: { package: '@google/gemini-cli', version: '0.61.0', program: 'gemini' },
  copilot: { package: '@github/copilot', version: '1.0.102', program: 'copilot' },
} as const

export type AgentName = keyof typeof agentPrograms

const installsMs = 15 * 60_000

/** The real program's path, or nothing where it cannot be had: then the test is skipped, and says so. In CI it fails. */
export async function realAgent(t: TestContext, name: AgentName): Promise<string | undefined> {
  try {
    return await agentCli(name)
  } catch (cause) {
    const words = `NOT TESTED: ${name} cannot be had: ${cause instanceof Error ? cause.message : cause}`
    if (process.env['CI']) throw new Error(words, { cause })
    process.stderr.write(`\n*** ${words}\n\n`)
    t.skip(words)
    return undefined
  }
}

/** The real program's path; installed from npm at its pinned version when no test has done so before. */
export async function agentCli(name: AgentName): Promise<string> {
  const { package: from, version, program } = agentPrograms[name]
  const cache = cacheFolder()
  const folder = join(cache, `${name}-${version}`)
  const path = join(folder, 'node_modules', '.bin', program)
  if (existsSync(path)) return path
  mkdirSync(cache, { recursive: true })
  const unlock = await lock(join(cache, `${name}.lock`))
  try {
    if (!existsSync(path)) await install(`${from}@${version}`, folder)
  } finally {
    unlock()
  }
  if (!existsSync(path)) throw new Error(`${from}@${version} brings no ${program}`)
  return path
}

function cacheFolder(): string {
  const { DROVER_TEST_AGENTS: chosen, XDG_CACHE_HOME: caches } = process.env
  return chosen || join(caches || join(homedir(), '.cache'), 'drover-test-agents')
}

/** Held by a transaction, because the kernel gives that back when its holder dies, however it dies. */
async function lock(file: string): Promise<() => void> {
  const database = new DatabaseSync(file, { timeout: 0 })
  const deadline = performance.now() + installsMs
  for (;;) {
    try {
      database.exec('begin exclusive')
      return () => database.close()
    } catch (cause) {
      if (performance.now() > deadline) throw new Error(`${file} is held by another test for too long`, { cause })
      await wait(200)
    }
  }
}

/** What is half installed has another name, so that whatever has the right one is whole. */
async function install(wanted: string, folder: string): Promise<void> {
  const begun = performance.now()
  process.stderr.write(`installing ${wanted} for the tests …\n`)
  const half = `${folder}.half`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half)
  const words = ['install', '--prefix', half, '--no-audit', '--no-fund', '--ignore-scripts=false', '--loglevel=error']
  const npm = spawn('npm', [...words, wanted], { cwd: half, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  for (const stream of [npm.stdout, npm.stderr]) stream.setEncoding('utf8').on('data', (text: string) => said.push(text))
  const late = setTimeout(() => npm.kill('SIGKILL'), installsMs)
  const [code] = await once(npm, 'close').finally(() => clearTimeout(late))
  if (code !== 0) throw new Error(`npm install ${wanted} ended with ${code}: ${said.join('').slice(-2000)}`)
  if (readdirSync(half).length === 0) throw new Error(`npm install ${wanted} brought nothing: ${said.join('')}`)
  rmSync(folder, { recursive: true, force: true })
  renameSync(half, folder)
  process.stderr.write(`installed ${wanted} in ${Math.round((performance.now() - begun) / 1000)} s\n`)
}
