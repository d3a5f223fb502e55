import { DroverError } from './error.ts'
import { nearest } from './nearest.ts'

type Raw = string | number | boolean | readonly string[]

/** How a kind of setting reads what a file, a variable or a flag says. */
interface Kind<V> {
  expects: string
  read: (raw: unknown) => V | undefined
  show: (value: V) => Raw
}

export interface Setting<V = unknown> {
  kind: Kind<V>
  default: V
  about: string
  /** Other names, accepted with a note: those of the systems drover succeeds. */
  also: readonly string[]
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds from `90s`, `30m`, `1h30m`, `500ms`; a bare number is seconds. */
export function readDuration(raw: unknown): number | undefined {
  if (typeof raw === 'number') return raw >= 0 ? raw * 1000 : undefined
  if (typeof raw !== 'string') return undefined
  if (/^\d+$/.test(raw.trim())) return Number(raw) * 1000
  const parts = [...raw.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== raw.trim()) return undefined
  return parts.reduce((sum, part) => sum + Number(part[1]) * units[part[2]!]!, 0)
}

export function showDuration(ms: number): string {
  const unit = ['d', 'h', 'm', 's'].find((name) => ms >= (units[name] ?? 0) && ms % (units[name] ?? 1) === 0)
  return ms === 0 ? '0s' : unit ? `${ms / (units[unit] ?? 1)}${unit}` : `${ms}ms`
}

const int = (least: number, most: number): Kind<number> => ({
  expects: `a whole number from ${least} to ${most}`,
  read: (raw) => {
    const value = typeof raw === 'string' && /^-?\d+$/.test(raw.trim()) ? Number(raw) : raw
    return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? value : undefined
  },
  show: (value) => value,
})
const duration: Kind<number> = {
  expects: 'a duration like "90s", "30m" or "1h30m"',
  read: readDuration,
  show: showDuration,
}
const sizeUnits: Record<string, number> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** Bytes from `250KB`, `1MB`, `1.5 kb`; a bare number is bytes. A KB is 1024 of them. */
export function readSize(raw: unknown): number | undefined {
  if (typeof raw === 'number') return Number.isInteger(raw) && raw >= 0 ? raw : undefined
  const found = typeof raw === 'string' ? /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/i.exec(raw.trim()) : null
  return found ? Math.floor(Number(found[1]) * sizeUnits[(found[2] ?? 'b').toLowerCase()]!) : undefined
}

export function showSize(bytes: number): string {
  const [unit, each] = Object.entries(sizeUnits).findLast(([, size]) => bytes >= size && bytes % size === 0) ?? ['b', 1]
  return `${bytes / each}${unit.toUpperCase()}`
}

/** Dollars from `20`, `$20`, `20usd`, `0.50 USD`. */
export function readMoney(raw: unknown): number | undefined {
  const found = /^\$?\s*(\d+(?:\.\d+)?|\.\d+)\s*(?:usd|\$)?$/i.exec(String(raw).trim())
  return found && (typeof raw === 'number' || typeof raw === 'string') ? Number(found[1]) : undefined
}

const size: Kind<number> = { expects: 'a size like "250KB" or "1MB"', read: readSize, show: showSize }
const money: Kind<number> = { expects: 'dollars, like 20 or "20usd"', read: readMoney, show: (value) => value }
const text: Kind<string> = {
  expects: 'a text',
  read: (raw) => (typeof raw === 'string' ? raw : undefined),
  show: (value) => value,
}
const flag: Kind<boolean> = {
  expects: 'true or false',
  read: (raw) =>
    typeof raw === 'boolean'
      ? raw
      : raw === 'true' || raw === '1'
        ? true
        : raw === 'false' || raw === '0'
          ? false
          : undefined,
  show: (value) => value,
}
const list: Kind<readonly string[]> = {
  expects: 'a list of texts',
  read: (raw) =>
    Array.isArray(raw) && raw.every((one) => typeof one === 'string')
      ? raw
      : typeof raw === 'string'
        ? raw
            .split(',')
            .map((one) => one.trim())
            .filter(Boolean)
        : undefined,
  show: (value) => value,
}
const oneOf = <const T extends string>(...words: T[]): Kind<T> => ({
  expects: words.join(', '),
  read: (raw) => words.find((word) => word === raw),
  show: (value) => value,
})

const setting = <V>(kind: Kind<V>, fallback: V, about: string, ...also: string[]): Setting<V> => ({
  kind,
  default: fallback,
  about,
  also,
})

/** Every setting, declared once: file key, `DROVER_*` name, type, default and documentation come from its row. */
export const settings = {
  agent: setting(text, 'claude', 'The agent that works on tasks which name none', 'agent_type'),
  workers: setting(int(1, 256), 4, 'How many agents run at once', 'max_workers', 'max_concurrent'),
  task_timeout: setting(duration, 30 * 60_000, 'How long one attempt may take'),
  stall_timeout: setting(duration, 10 * 60_000, 'How long an agent may say nothing'),
  max_attempts: setting(int(1, 100), 3, 'How many attempts a new task gets'),
  retry_delay: setting(duration, 10_000, 'The wait before the second attempt; it doubles, with jitter'),
  retry_delay_max: setting(duration, 10 * 60_000, 'The longest wait between attempts'),
  stop_grace: setting(duration, 10_000, 'How long a process may take to end when it is asked to', 'shutdown_grace_s'),
  lease: setting(
    duration,
    60_000,
    'With PostgreSQL: how long a machine may be silent before others take over its work',
  ),
  judge: setting(
    oneOf('chain', 'reported', 'marker-file', 'json-result', 'exit-code', 'command'),
    'chain',
    'Who concludes the verdict',
    'verdict_adapter',
  ),
  judge_command: setting(text, '', 'The program of the judge `command`: JSON in, verdict out'),
  on_blocked: setting(
    oneOf('ask', 'task'),
    'ask',
    'What a verdict BLOCK does: ask a person, or add a task that resolves it and wait for that',
  ),
  disk_reserve: setting(
    int(0, 1_000_000),
    500,
    'MiB that must be free on the disk before anything new begins, but never more than 5 % of it; 0: never mind',
  ),
  default_labels: setting(list, [], 'Labels given to every new task'),
  queue_labels: setting(list, [], 'Labels that choose a machine even before one has them'),
  guidelines: setting(text, '', 'Words in every prompt'),
  task_context_count: setting(int(0, 100), 5, 'How many recently completed tasks a prompt tells of'),
  task_context_max_age: setting(duration, 24 * 3_600_000, 'How long ago they may have been completed'),
  max_description_size: setting(size, 250 * 1024, 'A longer description stands in a file beside the prompt'),
  max_diff_size: setting(size, 250 * 1024, 'The same for a diff'),
  max_file_size: setting(size, 100 * 1024, 'The same for anything else: an output, a report, a hint'),
  database_url: setting(
    text,
    '',
    'Where the ledger is: sqlite:///path or postgres://user@host/database; empty: .drover/drover.db',
  ),
  env_pass: setting(list, [], 'Variables that agents may see beside the allow-list'),
  'land.auto': setting(flag, true, 'Land what passed without asking', 'auto_land'),
  'land.target': setting(text, '', 'The branch that work lands on; empty: the one checked out at init'),
  'land.gate': setting(text, '', 'The command that must pass on the merged tree', 'auto_land_test_cmd'),
  'land.gate_timeout': setting(duration, 15 * 60_000, 'How long the gate may take', 'auto_land_timeout_s'),
  'land.history': setting(
    oneOf('squash', 'merge'),
    'squash',
    'One commit, or one with the agent’s commits as second parent',
  ),
  'land.auto_commit': setting(flag, true, 'Commit what an agent left uncommitted', 'auto_commit_on_pass'),
  'land.protected': setting(list, [], 'Globs whose change rests until a person approves it'),
  'land.push': setting(
    oneOf('auto', 'on', 'off'),
    'auto',
    'Land by a push to the remote, and bring unfinished work there; auto: with PostgreSQL',
  ),
  'land.remote': setting(text, '', 'The remote that is pushed to; empty: the upstream’s of the target'),
  'land.gate_fresh': setting(flag, false, 'Gate without the caches of worktree.cache'),
  'worktree.root': setting(text, '.drover/worktrees', 'Where worktrees are', 'worktrees_root', 'worktree_base'),
  'worktree.setup': setting(text, '', 'A command that makes a fresh worktree ready'),
  'worktree.include': setting(text, '.worktreeinclude', 'A file that lists ignored files to copy into a worktree'),
  'worktree.cache': setting(list, [], 'Ignored paths kept when a worktree is cleaned, verified by hash'),
  'spawn.max_depth': setting(int(0, 20), 3, 'How deep tasks may make tasks that make tasks; 0: not at all'),
  'spawn.max_per_task': setting(int(0, 1000), 20, 'How many tasks one task may make, or be split into'),
  'spawn.max_per_run': setting(int(0, 100_000), 200, 'How many tasks agents may make in one run'),
  'research.repos': setting(list, [], 'Other repositories that research may read'),
  'budget.run_usd': setting(money, 0, 'What a run may cost, in USD; 0: as much as it takes'),
  'budget.task_usd': setting(money, 0, 'What a task may cost over all its attempts, in USD; 0: as much as it takes'),
  'machine.name': setting(text, '', 'The name of this machine; empty: its host name'),
  'machine.labels': setting(list, [], 'What this machine has: tasks with such a label run only where it is'),
  'git.name': setting(text, '', 'The name drover commits with; empty: git’s user.name'),
  'git.email': setting(text, '', 'The address drover commits with; empty: git’s user.email'),
} as const

export type SettingKey = keyof typeof settings
export type Settings = { readonly [K in SettingKey]: (typeof settings)[K] extends Setting<infer V> ? V : never }

/** One of several credentials of an agent. */
export interface AccountSettings {
  config_dir: string
  env: Record<string, string>
}

/** What `[agents.<name>]` may say. */
export interface AgentSettings {
  /** A shell command that takes the prompt on stdin: an agent of one's own, or other words for a known one. */
  command: string
  /** A command that speaks ACP. */
  acp: string
  path: string
  model: string
  args: readonly string[]
  env: Record<string, string>
  permission: string
  mcp: 'drover' | 'own'
  accounts: readonly string[]
  account: Record<string, AccountSettings>
  account_command: string
  fallback: string
  fallback_anytime: boolean
}

const table: Kind<Record<string, string>> = {
  expects: 'a table of texts',
  read: (raw) =>
    isRecord(raw) && Object.values(raw).every((value) => typeof value === 'string')
      ? (raw as Record<string, string>)
      : undefined,
  show: (value) => JSON.stringify(value),
}
const isRecord = (raw: unknown): raw is Record<string, unknown> =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw)

/** Every key of `[agents.<name>]` but `account`, which has tables of its own. */
export const agentSettings = {
  command: setting(text, '', 'A shell command that takes the prompt on stdin'),
  acp: setting(text, '', 'A command that speaks the Agent Client Protocol'),
  path: setting(text, '', 'Its program: a name on the PATH, or a path; empty: its own name'),
  model: setting(text, '', 'The model it works with; empty: its own choice'),
  args: setting(list, [], 'Further arguments'),
  env: setting(table, {}, 'Further environment'),
  permission: setting(text, 'full', 'full: it may do everything unasked; else a word of its own'),
  mcp: setting(oneOf('drover', 'own'), 'drover', 'claude: own starts your own MCP servers too, once for each agent'),
  accounts: setting(list, [], 'Accounts that take turns'),
  account_command: setting(text, '', 'A command that prints the account to use'),
  fallback: setting(text, '', 'Another agent, or agent:model, while every account is at its limit'),
  fallback_anytime: setting(flag, false, 'Fall back also when work has begun'),
} as const
export const agentKeys = [...Object.keys(agentSettings), 'account'] as const

/** Reads one `[agents.<name>]`, or says where and why it cannot be. */
export function readAgentSettings(said: Record<string, unknown>, where: string): AgentSettings {
  const fail = (problem: string): never => {
    throw new DroverError('bad-setting', { where, problem })
  }
  const plain = Object.entries(agentSettings).map(([key, { kind, default: fallback }]) => {
    const value = said[key] === undefined ? fallback : kind.read(said[key])
    return [key, value ?? fail(`${key} takes ${kind.expects}`)]
  })
  const names = said.accounts === undefined ? [] : (agentSettings.accounts.kind.read(said.accounts) ?? [])
  for (const name of names)
    if (!/^[\w.@-]+$/.test(name)) fail(`"${name}" cannot be an account: use letters, digits, ".", "_", "@" and "-"`)
  if (said.account !== undefined && !isRecord(said.account))
    fail('account takes tables: [agents.<name>.account.<account>]')
  const accounts = Object.entries(said.account ?? {}).map(([name, raw]) => {
    if (!names.includes(name))
      throw new DroverError('bad-setting', {
        where,
        problem: `there are words of an account "${name}", but accounts does not name it`,
        nearest: nearest(name, names)[0],
      })
    const { config_dir = '', env = {} } = isRecord(raw) ? raw : fail(`account.${name} takes a table`)
    if (typeof config_dir !== 'string') fail(`account.${name}.config_dir takes a text`)
    return [name, { config_dir, env: table.read(env) ?? fail(`account.${name}.env takes ${table.expects}`) }]
  })
  return { ...Object.fromEntries(plain), account: Object.fromEntries(accounts) } as AgentSettings
}

export const settingKeys = Object.keys(settings) as SettingKey[]
export const variableOf = (key: string): string => `DROVER_${key.replaceAll('.', '_').toUpperCase()}`

/** The setting that a name in a file means, also by its older names. */
export function settingNamed(name: string): SettingKey | undefined {
  return settingKeys.find((key) => key === name || (settings[key].also as readonly string[]).includes(name))
}

/** Reads one value, or says where and why it cannot be. */
export function readSetting<K extends SettingKey>(key: K, raw: unknown, where: string): Settings[K] {
  const { kind } = settings[key]
  const value = kind.read(raw) as Settings[K] | undefined
  if (value !== undefined) return value
  const problem = `${key} cannot be ${JSON.stringify(raw)}; it takes ${kind.expects}`
  throw new DroverError('bad-setting', { where, problem })
}

export const defaultSettings = (): Settings =>
  Object.fromEntries(settingKeys.map((key) => [key, settings[key].default])) as unknown as Settings
