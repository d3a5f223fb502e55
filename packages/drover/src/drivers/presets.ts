import type { AgentSettings } from '../domain/settings.ts'

type Told = Pick<AgentSettings, 'command' | 'env'>

const told = (command: string, env: Record<string, string> = {}): Told => ({ command, env })

/** Claude Code refuses to work unasked as root, as in most containers, unless it is told that this is a sandbox. */
const asRoot: Record<string, string> = process.getuid?.() === 0 ? { IS_SANDBOX: '1' } : {}

/** Agents that can be used without a word in the settings. Each takes its prompt on stdin and may do everything. */
export const presets: Readonly<Record<string, Told>> = {
  claude: told('claude -p --dangerously-skip-permissions', asRoot),
  codex: told('codex exec --dangerously-bypass-approvals-and-sandbox -'),
  amp: told('amp -x --dangerously-allow-all'),
  // `opencode run "…"` would put backslashes before the prompt's quotes: on stdin it arrives as it is.
  opencode: told('opencode run', { OPENCODE_DISABLE_AUTOUPDATE: '1' }),
  gemini: told('gemini --yolo --skip-trust'),
  copilot: told('copilot --allow-all-tools --no-auto-update'),
}

/** Names that mean another agent. */
export const alsoCalled: Readonly<Record<string, string>> = { 'claude-code': 'claude' }
