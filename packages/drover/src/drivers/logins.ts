import type { Login } from '../ports/driver.ts'

/** How each known program can be asked whether somebody is logged in, seen with the programs themselves; none of it needs a network. */
export const logins = {
  claude: {
    variables: [
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_AUTH_TOKEN',
      'CLAUDE_CODE_OAUTH_TOKEN',
      'CLAUDE_CODE_USE_BEDROCK',
      'CLAUDE_CODE_USE_VERTEX',
    ],
    place: { variable: 'CLAUDE_CONFIG_DIR', below: '', otherwise: '.claude' },
    ask: ['auth', 'status'],
  },
  /** A provider of one's own in its configuration needs no login, and its answer is no all the same. */
  codex: {
    variables: ['CODEX_API_KEY'],
    place: { variable: 'CODEX_HOME', below: '', otherwise: '.codex' },
    ask: ['login', 'status'],
  },
  /** Asked for its list it waits for packages. Some of its models need nobody. */
  opencode: {
    variables: ['OPENCODE_API_KEY', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    place: { variable: 'XDG_DATA_HOME', below: 'opencode', otherwise: '.local/share/opencode' },
    file: 'auth.json',
  },
  gemini: {
    variables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENAI_USE_VERTEXAI'],
    place: { variable: 'GEMINI_CLI_HOME', below: '.gemini', otherwise: '.gemini' },
    file: 'oauth_creds.json',
  },
  /** It keeps its login where the system keeps secrets. */
  copilot: {
    variables: ['COPILOT_GITHUB_TOKEN', 'GH_TOKEN', 'GITHUB_TOKEN', 'COPILOT_PROVIDER_BASE_URL'],
    place: { variable: 'COPILOT_HOME', below: '', otherwise: '.copilot' },
  },
  amp: {
    variables: ['AMP_API_KEY'],
    place: { variable: 'XDG_DATA_HOME', below: 'amp', otherwise: '.local/share/amp' },
    file: 'secrets.json',
  },
} satisfies Record<string, Login>
