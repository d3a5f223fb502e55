import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { lock } from './lock.ts'

interface Program {
  package: string
  version: string
  program: string
  /** The variable that says where it unpacks itself at its first start: 235 MB that one place is enough for. */
  unpacksTo?: string
}

/** The programs that the tests drive, at the versions whose behaviour was measured. */
export const agentPrograms = {
  claude: { package: '@anthropic-ai/claude-code', version: '2.1.329', program: 'claude' },
  codex: { package: '@openai/codex', version: '0.169.0', program: 'codex' },
  opencode: { package: 'opencode-ai', version: '1.18.33', program: 'opencode' },
  gemini: { package: '@google/gemini-cli', version: '0.61.0', program: 'gemini' },
  copilot: { package: '@github/copilot', version: '1.0.102', program: 'copilot', unpacksTo: 'COPILOT_PKG_CACHE_HOME' },
} as const satisfies Record<string, Program>

export type AgentName = keyof typeof agentPrograms

export interface RealAgent {
  name: AgentName
  path: string
  /** What it has to see so that it finds what was installed with it. */
  env: Record<string, string>
}

const installsMs = 15 * 60_000

/** The real program, or nothing where it cannot be had: then the test is skipped, and says so. In CI it fails. */
export async function realAgent(t: TestContext, name: AgentName): Promise<RealAgent | undefined> {
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

/** The real program; installed from npm at its pinned version when no test has done so before. */
export async function agentCli(name: AgentName): Promise<RealAgent> {
  const wanted: Program = agentPrograms[name]
  const cache = cacheFolder()
  const folder = join(cache, `${name}-${wanted.version}`)
  const agent = { name, path: pathIn(folder, wanted), env: envIn(folder, wanted) }
  if (existsSync(agent.path)) return agent
  mkdirSync(cache, { recursive: true })
  const unlock = await lock(join(cache, `${name}.lock`), installsMs)
  try {
    if (!existsSync(agent.path)) await install(wanted, folder)
  } finally {
    unlock()
  }
  return agent
}

const pathIn = (folder: string, { program }: Program): string => join(folder, 'node_modules', '.bin', program)

const envIn = (folder: string, { unpacksTo }: Program): Record<string, string> =>
  unpacksTo === undefined ? {} : { [unpacksTo]: join(folder, 'unpacked') }

function cacheFolder(): string {
  const { DROVER_TEST_AGENTS: chosen, XDG_CACHE_HOME: caches } = process.env
  return chosen || join(caches || join(homedir(), '.cache'), 'drover-test-agents')
}

/** What is half installed has another name, so that whatever has the right one is whole. */
async function install(wanted: Program, folder: string): Promise<void> {
  const [begun, what] = [performance.now(), `${wanted.package}@${wanted.version}`]
  process.stderr.write(`installing ${what} for the tests …\n`)
  const half = `${folder}.half`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half)
  const words = ['install', '--prefix', half, '--no-audit', '--no-fund', '--ignore-scripts=false', '--loglevel=error']
  await run('npm', [...words, what], half, {})
  await run(pathIn(half, wanted), ['--version'], half, { HOME: half, ...envIn(half, wanted) })
  rmSync(folder, { recursive: true, force: true })
  renameSync(half, folder)
  process.stderr.write(`installed ${what} in ${Math.round((performance.now() - begun) / 1000)} s\n`)
}

async function run(file: string, words: string[], cwd: string, env: Record<string, string>): Promise<void> {
  const child = spawn(file, words, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const late = setTimeout(() => child.kill('SIGKILL'), installsMs)
  const whole = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const [out, err, [code]] = await whole.finally(() => clearTimeout(late))
  if (code !== 0) throw new Error(`${file} ${words.join(' ')} ended with ${code}: ${(out + err).slice(-2000)}`)
}
