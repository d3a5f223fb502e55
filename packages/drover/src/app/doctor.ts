import { accessSync, constants, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { isLedgerLost } from '../domain/ledger-trouble.ts'
import type { Part } from '../ports/ledger.ts'
import { bad, type Finding, ok, warn } from './finding.ts'
import { checkJobs } from './doctor-jobs.ts'
import { checkRemote } from './doctor-remote.ts'
import { checkInvariants } from './invariants.ts'
import { isHeld } from './lock.ts'
import { environment } from './load-config.ts'
import { checkAgents } from './doctor-agents.ts'
import { openWorkspaceFor } from './open-workspace.ts'
import { readHolder } from './holder.ts'
import type { Project } from './open-project.ts'
import { openSystem } from './system.ts'
import { trustHere } from './trust.ts'
import { makeWish } from './wishes.ts'

/** Every check, also when an earlier one failed; each finding names its remedy. */
export async function diagnose(
  project: Project,
  { fix = false, deep = false, trust = false, agents = false } = {},
): Promise<Finding[]> {
  if (trust) await trustHere(project, await (await openWorkspaceFor(project)).readDrivers())
  if (fix && !isHeld(project.places)) await makeWish(project, 'worktree.prune', { all: false, dryRun: false })
  const checks = [
    checkNode,
    checkGit,
    checkRoom,
    checkLedger,
    checkDaemon,
    checkJobs,
    checkTarget,
    checkRemote,
    checkDrivers,
    checkHooks,
    function agent(of: Project) {
      return checkAgents(of, agents)
    },
    checkGate,
    ...(deep ? [checkInvariants] : []),
  ]
  const findings: Finding[] = []
  for (const check of checks) findings.push(...(await tried(check, project)))
  return findings
}

/** What can be said of a project whose ledger cannot be opened; any other reason is said as it is. */
export async function diagnoseWithout(error: unknown): Promise<Finding[]> {
  if (!isLedgerLost(error) && !(error instanceof DroverError && error.code === 'ledger-away')) throw error
  return [...checkNode(), ...(await checkGit()), bad('ledger', error.message, remedyFor(error))]
}

/** The log beside a broken ledger goes with it: a new one would take it for its own. What had not landed is in rescue refs. */
function remedyFor({ code, about, hint }: DroverError): string {
  const { file } = about as { file?: string }
  if (code !== 'broken-ledger' || !file?.startsWith('/')) return hint
  const aside = `${dirname(file)}/broken`
  return `mkdir ${aside} && mv ${file}* ${aside} && drover init   (landed work is on its branch, other work in \`drover rescue list\`)`
}

async function tried(
  check: (project: Project) => Promise<Finding[]> | Finding[],
  project: Project,
): Promise<Finding[]> {
  try {
    return await check(project)
  } catch (error) {
    return [
      bad(
        check.name.replace('check', '').toLowerCase(),
        error instanceof Error ? error.message : String(error),
        'drover doctor',
      ),
    ]
  }
}

const checkNode = (): Finding[] => [ok('node', process.versions.node)]

async function checkGit(): Promise<Finding[]> {
  const ended = await openSystem().exec({
    file: 'git',
    args: ['version'],
    cwd: '/',
    env: { PATH: environment.PATH ?? '' },
  })
  const version = /(\d+)\.(\d+)[\d.]*/.exec(ended.stdout)
  if (!version) return [bad('git', 'git does not answer', 'install git')]
  const isOld = Number(version[1]) < 2 || (Number(version[1]) === 2 && Number(version[2]) < 38)
  return [
    isOld
      ? bad('git', `${version[0]} cannot merge without a checkout`, 'install git 2.38 or newer')
      : ok('git', version[0]),
  ]
}

const leastRoom = 500 * 1024 * 1024

function checkRoom({ places }: Project): Finding[] {
  accessSync(places.folder, constants.W_OK)
  const { bavail, bsize } = statfsSync(places.folder)
  const room = bavail * bsize
  const shown = `${Math.round(room / 1024 / 1024)} MB free`
  return [room < leastRoom ? warn('disk', shown, 'free some room: landing and worktrees need it') : ok('disk', shown)]
}

function* quickCheck(): Part<readonly Record<string, unknown>[]> {
  return yield { texts: ['pragma quick_check'], values: [] }
}

function* serverVersion(): Part<readonly Record<string, unknown>[]> {
  return yield { texts: ['show server_version'], values: [] }
}

async function checkLedger({ ledger, ledgerAt, clock }: Project): Promise<Finding[]> {
  if ('url' in ledgerAt) {
    const begun = clock.ticks()
    const [row] = await ledger.ask(serverVersion)
    const ms = (clock.ticks() - begun).toFixed(1)
    return [ok('ledger', `${ledgerAt.shown}, PostgreSQL ${String(row?.['server_version'])}, answers in ${ms} ms`)]
  }
  const rows = await ledger.ask(quickCheck)
  const words = String(Object.values(rows[0] ?? {})[0])
  return [words === 'ok' ? ok('ledger', 'whole') : bad('ledger', words, 'restore .drover/drover.db from a backup')]
}

function checkDaemon({ places }: Project): Finding[] {
  const holder = readHolder(places)
  const held = isHeld(places)
  if (held) return [ok('daemon', `pid ${holder?.pid ?? '?'} drives this project`)]
  return holder ? [warn('daemon', `pid ${holder.pid} ended without a word`, 'drover run')] : [ok('daemon', 'none runs')]
}

async function checkTarget(project: Project): Promise<Finding[]> {
  const workspace = await openWorkspaceFor(project)
  const tip = await workspace.tip(project.target)
  const behind = await workspace.behind(project.target)
  return [
    ok('target', `${project.target} at ${tip.slice(0, 12)}`),
    ...behind.map(({ path }) =>
      warn(
        'checkout',
        `${path} is behind ${project.target}`,
        `git -C ${path} status, then \`git stash\` and \`drover run\``,
      ),
    ),
  ]
}

async function checkDrivers(project: Project): Promise<Finding[]> {
  const found = await (await openWorkspaceFor(project)).strangeDrivers()
  return found.length === 0
    ? [ok('git drivers', 'none that nobody has agreed to')]
    : [
        bad(
          'git drivers',
          `not seen before: ${found.join(', ')}`,
          'look at them in .git/config, then `drover doctor --trust`',
        ),
      ]
}

async function checkHooks(project: Project): Promise<Finding[]> {
  const { readdirSync } = await import('node:fs')
  const hooks = readdirSync(`${project.places.gitDir}/hooks`, { withFileTypes: true })
    .filter((file) => !file.name.endsWith('.sample'))
    .map(({ name }) => name)
  return hooks.length === 0
    ? []
    : [warn('hooks', `${hooks.join(', ')} do not run when drover lands`, 'put what they check into land.gate')]
}

const checkGate = ({ config }: Project): Finding[] => [
  config.settings['land.gate'] === ''
    ? warn('gate', 'nothing is checked before work lands', 'set [land] gate = "…" in .drover.toml')
    : ok('gate', config.settings['land.gate']),
]
