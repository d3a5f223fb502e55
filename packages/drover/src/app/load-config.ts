import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { nearest } from '../domain/nearest.ts'
import {
  agentKeys,
  readAgentSettings,
  defaultSettings,
  readSetting,
  settingKeys,
  settingNamed,
  variableOf,
  type AgentSettings,
  type SettingKey,
  type Settings,
} from '../domain/settings.ts'

export interface Config {
  settings: Settings
  agents: Readonly<Record<string, AgentSettings>>
  /** Where each value comes from: flag, variable, file, default. */
  origins: Readonly<Record<string, string>>
  /** Notes to show once: old names that still work. */
  notes: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** The environment drover was started in: read here and nowhere else. */
export const environment: Environment = process.env

/** Where a test wants this process to fail (app/faults.ts, which nothing else loads). */
export const faultWords = environment.NODE_ENV === 'test' ? environment.DROVER_FAULTS : undefined

/** What the environment says of the terminal. */
export function terminalFacts(env: Environment = environment) {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return {
    noColor: Boolean(env.NO_COLOR),
    forceColor: Boolean(env.FORCE_COLOR ?? env.CLICOLOR_FORCE),
    term: env.TERM ?? '',
    ci: Boolean(env.CI),
    columns: env.COLUMNS && /^\d+$/.test(env.COLUMNS) ? Number(env.COLUMNS) : undefined,
    utf8: locale === '' || /utf-?8/i.test(locale),
    debug: Boolean(env.DROVER_DEBUG),
  }
}

export interface Sources {
  root: string
  /** `--config FILE`, instead of the project's own file. */
  file?: string
  flags?: Partial<Record<SettingKey, unknown>>
  env?: Environment
}

/** Flag over variable over project file over user file over default. */
export async function loadConfig({ root, file, flags = {}, env = environment }: Sources): Promise<Config> {
  const known = {
    settings: defaultSettings() as Record<SettingKey, unknown>,
    agents: {} as Record<string, AgentSettings>,
    said: {} as Known['said'],
    origins: {} as Record<string, string>,
    notes: [] as string[],
  }
  for (const key of settingKeys) known.origins[key] = 'default'
  const userFile = join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'drover', 'config.toml')
  await addFile(known, userFile, false)
  await addFile(known, file ? resolve(file) : join(root, '.drover.toml'), file !== undefined)
  addVariables(known, env)
  const dbos = env['DBOS_SYSTEM_DATABASE_URL']
  // The name that DBOS itself has for it: it counts only where nothing else says anything.
  if (dbos && known.origins['database_url'] === 'default') set(known, 'database_url', dbos, 'DBOS_SYSTEM_DATABASE_URL')
  for (const [key, raw] of Object.entries(flags)) if (raw !== undefined) set(known, key as SettingKey, raw, 'flag')
  addPaths(known, env)
  for (const [name, { said, where }] of Object.entries(known.said)) known.agents[name] = readAgentSettings(said, where)
  const { said: _, ...config } = known
  return config as unknown as Config
}

type Known = {
  settings: Record<SettingKey, unknown>
  agents: Record<string, AgentSettings>
  /** What the files say of each agent, the nearer one last. */
  said: Record<string, { said: Table; where: string }>
  origins: Record<string, string>
  notes: string[]
}

function set(known: Known, key: SettingKey, raw: unknown, where: string): void {
  known.settings[key] = readSetting(key, raw, where)
  known.origins[key] = where
}

const oldVariables: Record<string, SettingKey> = { DROVER_AGENT_TYPE: 'agent' }

function addVariables(known: Known, env: Environment): void {
  for (const [name, key] of Object.entries(oldVariables)) {
    const value = env[name]
    if (value) set(known, key, value, name)
  }
  for (const key of settingKeys) {
    const value = env[variableOf(key)]
    if (value !== undefined) set(known, key, value, variableOf(key))
  }
}

/** Where an agent's program is: `DROVER_AGENT_PATH` for the one that is set, and an older name for claude's. */
function addPaths(known: Known, env: Environment): void {
  const old = env['DROVER_CLAUDE_PATH']
  if (old) known.notes.push('DROVER_CLAUDE_PATH is out of date: set path in [agents.claude], or DROVER_AGENT_PATH')
  if (old) sayOf(known, 'claude', { path: old }, 'DROVER_CLAUDE_PATH')
  const path = env['DROVER_AGENT_PATH']
  const agent = String(known.settings.agent)
  if (path) sayOf(known, agent === 'claude-code' ? 'claude' : agent, { path }, 'DROVER_AGENT_PATH')
}

function sayOf(known: Known, agent: string, more: Table, where: string): void {
  known.said[agent] = { said: { ...known.said[agent]?.said, ...more }, where }
}

async function addFile(known: Known, file: string, must: boolean): Promise<void> {
  const text = readIfThere(file, must)
  if (text === undefined || saysNothing(text)) return
  const flat = flatten(await parseToml(text, file))
  for (const [name, raw] of flat.settings) addSetting(known, file, name, raw)
  for (const [name, table] of flat.agents) {
    checkAgent(file, name, table)
    sayOf(known, name, fromFile(file, table), `${file} [agents.${name}]`)
  }
}

function addSetting(known: Known, file: string, name: string, raw: unknown): void {
  const key = settingNamed(name) ?? settingNamed(name.split('.').at(-1)!)
  if (!key || (name.includes('.') && key !== name && settingNamed(name) === undefined)) {
    throw new DroverError('bad-setting', {
      where: file,
      problem: `there is no setting "${name}"`,
      nearest: nearest(name, settingKeys)[0],
    })
  }
  if (key !== name) known.notes.push(`${file}: "${name}" is called "${key}" now`)
  set(known, key, relativeTo(file, key, raw), file)
}

/** Paths in a file are relative to that file. */
function relativeTo(file: string, key: SettingKey, raw: unknown): unknown {
  const from = (path: unknown): unknown =>
    typeof path === 'string' && !isAbsolute(path) ? resolve(dirname(file), path) : path
  if (key === 'research.repos' && Array.isArray(raw)) return raw.map(from)
  return key === 'worktree.root' ? from(raw) : raw
}

/** Programs and folders, as they are seen from the file that names them. */
function fromFile(file: string, { account, ...table }: Table): Table {
  const seen = (path: unknown): unknown => (typeof path === 'string' && path !== '' ? pathIn(file, path) : path)
  const accounts = isTable(account)
    ? Object.entries(account).map(([name, raw]) => [
        name,
        isTable(raw) && 'config_dir' in raw ? { ...raw, config_dir: seen(raw['config_dir']) } : raw,
      ])
    : undefined
  const isPath = typeof table['path'] === 'string' && /[/]/.test(table['path'])
  return {
    ...table,
    ...(isPath ? { path: seen(table['path']) } : {}),
    ...(account === undefined ? {} : { account: accounts ? Object.fromEntries(accounts) : account }),
  }
}

const pathIn = (file: string, path: string): string =>
  path === '~' || path.startsWith('~/')
    ? join(environment.HOME || homedir(), path.slice(1))
    : resolve(dirname(file), path)

/** Another word than those there are is a slip. */
function checkAgent(file: string, name: string, table: Table): void {
  for (const key of Object.keys(table))
    if (!agentKeys.some((known) => known === key))
      throw new DroverError('bad-setting', {
        where: `${file} [agents.${name}]`,
        problem: `there is no setting "${key}"`,
        nearest: nearest(key, agentKeys)[0],
      })
}

type Table = Record<string, unknown>
const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null && !Array.isArray(value)

function flatten(table: Table): { settings: [string, unknown][]; agents: [string, Table][] } {
  const { agents, ...rest } = table
  const settings = Object.entries(rest).flatMap(([name, value]): [string, unknown][] =>
    isTable(value) ? Object.entries(value).map(([key, inner]) => [`${name}.${key}`, inner]) : [[name, value]],
  )
  return {
    settings,
    agents: isTable(agents) ? Object.entries(agents).map(([name, value]) => [name, isTable(value) ? value : {}]) : [],
  }
}

/** The file that `init` writes has comments and the names of sections only: it costs no parser. */
const saysNothing = (text: string): boolean => !/^[ \t]*(?!\[\w+\][ \t]*\r?$)[^\s#]/m.test(text)

async function parseToml(text: string, file: string): Promise<Table> {
  const { parse, TomlError } = await import('smol-toml')
  try {
    return parse(text)
  } catch (error) {
    const where = error instanceof TomlError ? `${file}:${error.line}:${error.column}` : file
    throw new DroverError('bad-setting', { where, problem: (error as Error).message.split('\n')[0]! }, error)
  }
}

function readIfThere(file: string, must: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (must || (error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new DroverError('bad-file', { file, problem: (error as Error).message }, error)
    return undefined
  }
}
