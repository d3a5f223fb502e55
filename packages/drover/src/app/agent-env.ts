/** What every agent may see of the daemon's environment. A name that ends in `*` is a prefix. */
const allowed = [
  'PATH HOME USER LOGNAME SHELL LANG LC_* TERM TMPDIR TZ XDG_*',
  'SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS',
  'http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY',
  // How the agents' programs are configured, and who they are for their providers.
  'ANTHROPIC_* CLAUDE_* OPENAI_* CODEX_* OPENCODE_* AMP_* GEMINI_* GOOGLE_* GITHUB_TOKEN GH_TOKEN COPILOT_*',
].flatMap((names) => names.split(' '))

/** Where the ledger is, with its password: for nobody but drover itself. */
export const secret = ['DROVER_DATABASE_URL', 'DBOS_SYSTEM_DATABASE_URL', 'PGPASSWORD']

/** Marks of another drover, and words that would turn git to another repository. Nothing lets these through. */
const never = ['DROVER_*', 'GIT_*', ...secret]

/** The environment of an agent: what is allowed, what the settings add (`env_pass`), and what drover says itself. */
export function agentEnv(
  base: Readonly<Record<string, string | undefined>>,
  pass: readonly string[],
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const seen = Object.entries(base).flatMap(([name, value]) =>
    value !== undefined && matches(name, [...allowed, ...pass]) && !matches(name, never)
      ? [[name, value] as const]
      : [],
  )
  return { ...Object.fromEntries(seen), ...own }
}

function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern))
}
