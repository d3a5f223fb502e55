/** What the settings say of an agent's program. */
export interface Words {
  /** The program: a name on the PATH, or its path. */
  path: string
  /** Further arguments, after drover's own. */
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** The person's own MCP servers are started beside drover's. */
  ownServers?: boolean
  /** The command and arguments that run drover itself, for a driver whose agent needs one of its programs. */
  self?: readonly string[]
}
