import { homedir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fromNpm } from './from-npm.ts'

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
  const file = join('node_modules', '.bin', wanted.program)
  const env = (folder: string) => envIn(folder, wanted)
  const { package: from, version } = wanted
  const folder = await fromNpm({
    name,
    package: from,
    version,
    into: cacheFolder(),
    file,
    proof: [file, '--version'],
    env,
  })
  return { name, path: join(folder, file), env: env(folder) }
}

const envIn = (folder: string, { unpacksTo }: Program): Record<string, string> =>
  unpacksTo === undefined ? {} : { [unpacksTo]: join(folder, 'unpacked') }

function cacheFolder(): string {
  const { DROVER_TEST_AGENTS: chosen, XDG_CACHE_HOME: caches } = process.env
  return chosen || join(caches || join(homedir(), '.cache'), 'drover-test-agents')
}
