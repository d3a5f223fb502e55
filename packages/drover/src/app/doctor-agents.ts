import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isParked } from '../domain/account.ts'
import type { Account } from '../domain/rows.ts'
import type { Abilities, Program } from '../ports/driver.ts'
import { agentEnv } from './agent-env.ts'
import { seeLogin } from './doctor-login.ts'
import { bad, type Finding, ok, warn } from './finding.ts'
import { environment } from './load-config.ts'
import { untilTime } from './local-time.ts'
import { openAgents, type Agents } from './open-agents.ts'
import type { Project } from './open-project.ts'
import { openSystem } from './system.ts'

interface Checking {
  project: Project
  agents: Agents
  accounts: ReadonlyMap<string, Account>
  /** Without them tasks cannot be worked on. */
  needed: ReadonlySet<string>
}

/** Agents that are set, named by tasks or asked about: only their programs are started, because even `--version` leaves files behind. */
export async function checkAgents(project: Project, all: boolean): Promise<Finding[]> {
  const { config, places, reading } = project
  const agents = openAgents(config, places)
  const needed = new Set([config.settings.agent, ...(await reading.agentsNamed())])
  const set = [...needed, ...Object.keys(config.agents), ...(all ? agents.names : [])]
  const accounts = new Map((await reading.accounts()).map((account) => [account.name, account]))
  const checking = { project, agents, accounts, needed }
  const asked = [...new Set(set)].filter((name) => !agents.others.includes(name))
  const found = await Promise.all(asked.map((name) => checkAgent(checking, name)))
  const others = agents.usable().filter((name) => !set.includes(name) && !agents.others.includes(name))
  return [...found.flat(), ...others.map((name) => ok('agent', `${name} is there too`))]
}

async function checkAgent(checking: Checking, name: string): Promise<Finding[]> {
  const { agents, needed } = checking
  const { program, abilities } = agents.driverFor(name)
  if (!agents.usable().includes(name)) {
    const remedy = program ? program.install : `install ${name}, or set agent = "…" in .drover.toml`
    const where = program && !program.name.includes('/') ? 'is not on the PATH' : 'is not there'
    return [(needed.has(name) ? bad : warn)('agent', `${name} ${where}`, remedy)]
  }
  const found = program ? await foundProgram(agents, program) : 'is there, run as a command'
  const may = agents.agentSettings(name).permission
  const permissions = may === 'full' ? 'full permissions in its worktree' : `permission ${may}`
  return [
    ok('agent', `${name} ${found}; it runs with ${permissions}; ${abilityWords(abilities).join(', ')}`),
    ...(await checkAccounts(checking, name)),
  ]
}

async function foundProgram(agents: Agents, program: Program): Promise<string> {
  const file = agents.find(program.name)
  if (file === undefined) return 'is there'
  return `${(await versionOf(file, program)) ?? 'of unknown version'} (${file})`
}

const versionMs = 15_000

/** In a home of its own, which is removed: asked for its version, one program unpacks 240 MB, others begin a history. */
async function versionOf(file: string, { version }: Program): Promise<string | undefined> {
  const home = mkdtempSync(join(tmpdir(), 'drover-doctor-'))
  const env = {
    PATH: environment.PATH ?? '',
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_STATE_HOME: join(home, 'state'),
    DISABLE_AUTOUPDATER: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
  }
  try {
    const ended = await openSystem().exec({ file, args: version, cwd: home, env, timeoutMs: versionMs })
    return /\d+\.\d+[\w.+-]*/.exec(ended.stdout)?.[0]
  } catch {
    return undefined // it cannot be started here: its attempts will say why
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 })
  }
}

const hints: Record<Abilities['hint'], string> = {
  steer: 'hints reach it while it works',
  queue: 'hints are its next turn',
  interrupt: 'hints interrupt it and it goes on with them',
  none: 'hints wait for its next attempt',
}
const costs: Record<Abilities['cost'], string> = {
  money: 'tells tokens and money',
  tokens: 'tells tokens',
  none: 'does not tell what it costs',
}

const limits: Record<Abilities['limits'], string> = {
  time: 'tells when a limit is over',
  minute: 'tells the minute when a limit is over',
  none: 'does not tell when a limit is over',
}

const abilityWords = ({ resumes, hint, tools, cost, limits: told, remembersBroken, recalls }: Abilities): string[] => [
  hints[hint],
  resumes ? 'goes on in the same session' : 'begins anew each time',
  ...(tools ? ['has drover’s tools'] : []),
  costs[cost],
  limits[told],
  ...(resumes && !remembersBroken ? ['does a tool again that a pause broke off'] : []),
  ...(resumes && !recalls ? ['may be told a hint twice when it dies before it answers'] : []),
]

async function checkAccounts(checking: Checking, name: string): Promise<Finding[]> {
  const { project, agents, accounts, needed } = checking
  const hand = agents.hands().find(({ agent }) => agent === name)
  const now = project.clock.now()
  const findings: Finding[] = []
  for (const id of hand?.accounts ?? []) {
    const row = accounts.get(id)
    const login = agents.login(name, id)
    if (row && isParked(row, now))
      findings.push(resting(row, { now, login, isNeeded: needed.has(name) && hand?.accounts.length === 1 }))
    else if (login !== undefined || (hand?.accounts.length ?? 0) > 1) findings.push(await standing(checking, name, id))
  }
  return findings
}

function resting(
  { name, why, parkedUntil, text }: Account,
  { now, login, isNeeded }: { now: number; login: string | undefined; isNeeded: boolean },
): Finding {
  const said = text === '' ? '' : `: ${text}`
  if (parkedUntil !== null && why === 'limit')
    return warn('account', `${name} rests until ${untilTime(parkedUntil, now)}${said}`, 'drover resume --now')
  const remedy = `${login ?? 'log in'}, then \`drover resume --now\``
  return (isNeeded ? bad : warn)('account', `nobody is logged in for ${name}${said}`, remedy)
}

/** What its program and its files show; that an attempt was answered lately is worth more than a no. */
async function standing({ project, agents }: Checking, name: string, id: string): Promise<Finding> {
  const { config, reading, clock } = project
  const { program } = agents.driverFor(name)
  const own = { ...config.agents[name]?.env, ...agents.envOfAccount(name, id) }
  const env = agentEnv(environment, config.settings.env_pass, own)
  const seen = program ? await seeLogin({ file: agents.find(program.name), program }, env) : undefined
  const { login, why } = seen ?? { login: 'unknown', why: 'it is run as a command' }
  const at = await reading.lastWorked(id)
  const worked = at === undefined ? '' : `; it last worked ${sinceWords(clock.now() - at)}`
  const remedy = agents.login(name, id) ?? 'log in'
  if (login === 'ok') return ok('account', `${id}: login ok (${why})${worked}`)
  if (login === 'missing' && at === undefined) return warn('account', `${id}: login missing (${why})`, remedy)
  return ok('account', `${id}: login unknown (${why}${worked}): ${remedy}`)
}

function sinceWords(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000))
  if (minutes < 90) return `${minutes} min ago`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h ago` : `${Math.round(minutes / 1440)} days ago`
}
