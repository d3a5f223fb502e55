import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AgentName, RealAgent } from './agent-cli.ts'

/** An agent's home of its own: what it finds there, and in its environment, so that it asks the model on loopback alone. */
export interface AgentHome {
  home: string
  env: Record<string, string>
  files: string[]
}

/** A key, or a subscription: only the second has limits with a time. */
export type Login = 'key' | 'subscription'

/** Writes what the program reads from a home, and says which variables turn it to the model. */
export function agentHome(agent: RealAgent, url: string, home: string, login: Login = 'key'): AgentHome {
  const { env, files = {} } = configured[agent.name](url, home, login)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), text)
  }
  // Programs made with Bun leave unpacked libraries in the folder for temporary files.
  const temporary = join(home, 'tmp')
  mkdirSync(temporary, { recursive: true })
  return { home, env: { HOME: home, TMPDIR: temporary, ...offline, ...agent.env, ...env }, files: Object.keys(files) }
}

/** Codex looks for plug-ins, OpenCode for packages of its own: nobody listens on that port, and so nothing leaves loopback. */
const offline = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']
    .map((name) => [name, 'http://127.0.0.1:9'])
    .concat(['no_proxy', 'NO_PROXY'].map((name) => [name, '127.0.0.1,localhost'])),
)

type Configured = { env: Record<string, string>; files?: Record<string, string> }

const configured: Record<AgentName, (url: string, home: string, login: Login) => Configured> = {
  claude: (url, home, login) => ({
    env: {
      CLAUDE_CONFIG_DIR: join(home, '.claude'),
      ANTHROPIC_BASE_URL: url,
      ...(login === 'key' ? { ANTHROPIC_API_KEY: 'dummy' } : { CLAUDE_CODE_OAUTH_TOKEN: 'dummy' }),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_MAX_RETRIES: '2',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      IS_SANDBOX: '1',
    },
  }),
  codex: (url, home) => ({
    env: { CODEX_HOME: join(home, '.codex'), CODEX_DUMMY_KEY: 'dummy' },
    files: { '.codex/config.toml': codexConfig(url) },
  }),
  opencode: (url, home) => ({
    env: {
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_DATA_HOME: join(home, '.local/share'),
      XDG_STATE_HOME: join(home, '.local/state'),
      XDG_CACHE_HOME: join(home, '.cache'),
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    },
    files: { '.config/opencode/opencode.json': JSON.stringify(opencodeConfig(url)) },
  }),
  gemini: (url) => ({
    env: {
      GEMINI_API_KEY: 'dummy',
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_TELEMETRY_ENABLED: 'false',
      GEMINI_CLI_NO_RELAUNCH: 'true',
    },
    files: { '.gemini/settings.json': JSON.stringify(geminiSettings) },
  }),
  copilot: (url, home) => ({
    env: {
      COPILOT_HOME: join(home, '.copilot'),
      XDG_CACHE_HOME: join(home, '.cache'),
      COPILOT_PROVIDER_BASE_URL: `${url}/v1`,
      COPILOT_PROVIDER_TYPE: 'openai',
      COPILOT_PROVIDER_API_KEY: 'dummy',
      COPILOT_MODEL: 'scripted',
      COPILOT_OFFLINE: 'true',
      COPILOT_AUTO_UPDATE: 'false',
    },
  }),
}

/** A model that Codex does not know is given plain functions as tools. */
const codexConfig = (url: string): string => `model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false

[model_providers.scripted]
name = "scripted"
base_url = "${url}/v1"
wire_api = "responses"
env_key = "CODEX_DUMMY_KEY"
request_max_retries = 1
stream_max_retries = 1

[analytics]
enabled = false
`

const opencodeConfig = (url: string) => ({
  autoupdate: false,
  share: 'disabled',
  model: 'scripted/scripted',
  small_model: 'scripted/scripted',
  permission: 'allow',
  provider: {
    scripted: {
      npm: '@ai-sdk/openai-compatible',
      options: { baseURL: `${url}/v1`, apiKey: 'dummy' },
      models: {
        scripted: { tool_call: true, limit: { context: 200_000, output: 8000 }, cost: { input: 1, output: 2 } },
      },
    },
  },
})

const geminiSettings = {
  security: { auth: { selectedType: 'gemini-api-key' } },
  model: { name: 'gemini-2.5-pro' },
  general: { disableAutoUpdate: true, disableUpdateNag: true },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
}
