import type { Spec, ToolServer } from '../ports/driver.ts'

/** A value of Codex's configuration. */
type Setting =
  | string
  | number
  | boolean
  | readonly string[]
  | Readonly<Record<string, string | number | boolean | readonly string[] | Readonly<Record<string, string>>>>

/** Under this name Codex knows drover's tools. */
export const toolServer = 'drover'

/** Whether it may do everything. */
export const mayAll = ({ permission, readOnly }: Spec): boolean => permission === 'full' && !readOnly

/** Codex's word for what commands may touch. */
export function sandboxOf(spec: Spec): string {
  if (spec.readOnly) return 'read-only'
  return mayAll(spec) ? 'danger-full-access' : spec.permission
}

/**
 * What drover sets of Codex's configuration, by dotted key. In a worktree a commit writes to two git folders outside of it, which
 * `workspace-write` keeps closed unless both are named.
 */
export function settingsOf(spec: Spec, tools: (server: ToolServer) => Setting): Record<string, Setting> {
  const roots = sandboxOf(spec) === 'workspace-write' ? (spec.gitFolders ?? []) : []
  return {
    ...(roots.length > 0 && { 'sandbox_workspace_write.writable_roots': roots }),
    ...(spec.tools && { [`mcp_servers.${toolServer}`]: tools(spec.tools) }),
  }
}

/**
 * Common to both ways of naming the server: it may take its time on a busy machine, is waited for (a turn begins without a server that is not
 * `required` and not yet there), and its tools are never asked about.
 */
const always = { startup_timeout_sec: 60, required: true, default_tools_approval_mode: 'approve' }

export const withItsEnvironment = ({ command, args, env }: ToolServer): Setting => ({ command, args, env, ...always })
/** For an argument list, which everybody on the machine can read: the values go by Codex's own environment. */
export const withNamesOnly = ({ command, args, env }: ToolServer): Setting => ({
  command,
  args,
  env_vars: Object.keys(env),
  ...always,
})

/** A value as `-c key=value` takes it. */
export function toml(value: Setting): string {
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((one) => JSON.stringify(one)).join(',')}]`
  return `{${Object.entries(value)
    .map(([key, one]) => `${JSON.stringify(key)}=${toml(one)}`)
    .join(',')}}`
}
