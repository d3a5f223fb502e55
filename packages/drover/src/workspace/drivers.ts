import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { exists, namesIn, readText } from './small-files.ts'

/** Programs that git's configuration may make it run, and what a person has said of them. */
export interface Drivers {
  /** Everything of the kind that is configured now, to be stored by `init` and `doctor --trust`. */
  read(): Promise<Record<string, string>>
  /** Keys that differ from what was trusted. No process while no file of the configuration changed. */
  strange(): Promise<string[]>
  /** What outranks the configuration: trusted drivers as they were trusted, all others off. */
  pins(): Promise<Readonly<Record<string, string>>>
  /** The remote that work travels by; `known` when there is one of that name. */
  remote(): Promise<{ name: string; known: boolean }>
}

interface Options {
  gitDir: string
  env: Readonly<Record<string, string>>
  /** What a person has said yes to; asked each time, because they may say it while we run. */
  trusted(): Promise<Readonly<Record<string, string>>>
  /** `git config -z --list --show-origin --includes` with these arguments. */
  list(args: readonly string[]): Promise<string>
  remote: { name: string; target: string } | null
}

/** Every value of a key, in their order. */
type Ways = Record<string, string[]>

interface Found {
  seen: string
  drivers: Record<string, string>
  pins: Record<string, string>
  strange: string[]
  remote: { name: string; known: boolean }
}

const driverKey =
  /^(?:filter\..*\.(?:clean|smudge|process|required)|merge\..*\.driver|diff\..*\.(?:command|textconv))$/s
const includeKey = /^(?:include|includeif\..*)\.path$/s
/** Not a key of git's: objects that stand elsewhere may vanish, so that file is trusted like a driver. */
export const alternatesKey = 'objects/info/alternates'

export function watchDrivers({ gitDir, env, trusted, list, remote }: Options): Drivers {
  let files: ReadonlySet<string> = new Set()
  // Git reads a worktree's own configuration only when the common one says so.
  let worktreesHaveTheirs = true
  let found: Promise<Found> | undefined

  async function current(): Promise<Found> {
    const mine = found
    const known = await mine?.catch(() => undefined)
    if (known && known.seen === (await look())) return known
    if (found === mine) found = readAll()
    return found ?? readAll()
  }

  async function readAll(): Promise<Found> {
    for (let tries = 1; ; tries++) {
      const before = await look()
      const { drivers, ways, origins, perWorktree } = await readConfiguration(gitDir, env, list)
      for (const [key, values] of Object.entries(ways)) drivers[key] = printOf(values)
      const alternates = readText(join(gitDir, alternatesKey))
      if (alternates !== undefined) drivers[alternatesKey] = alternates
      files = new Set([...origins].filter((file) => !usual.includes(file)))
      worktreesHaveTheirs = perWorktree
      // The listing says which files to watch; what changed while it was read is read again.
      const trust = await trusted()
      const named = remoteIn(ways, remote)
      if (before === (await look()) || tries === 5)
        return {
          seen: before,
          drivers,
          remote: named,
          ...judge(drivers, trust, remote ? waysTo(named.name, remote) : noWays),
        }
    }
  }

  const usual = usualFiles(gitDir, env)
  let [agreed, agreedWords]: [Readonly<Record<string, string>> | undefined, string] = [undefined, '']
  const look = async () => {
    const now = await trusted()
    if (now !== agreed) [agreed, agreedWords] = [now, JSON.stringify(now)]
    const more = worktreesHaveTheirs ? worktreeConfigs(gitDir) : []
    return `${fingerprint(usual, more, files)} ${agreedWords}`
  }
  return {
    read: async () => (await current()).drivers,
    strange: async () => (await current()).strange,
    pins: async () => (await current()).pins,
    remote: async () => (await current()).remote,
  }
}

function judge(
  drivers: Readonly<Record<string, string>>,
  trusted: Readonly<Record<string, string>>,
  isWay: (key: string) => boolean,
): Pick<Found, 'pins' | 'strange'> {
  const counts = (key: string): boolean => driverKey.test(key) || key === alternatesKey || isWay(key)
  const gone = Object.keys(trusted).filter((key) => isWay(key) && drivers[key] === undefined)
  const strange = [...Object.keys(drivers).filter((key) => counts(key) && drivers[key] !== trusted[key]), ...gone]
  const off = strange.filter((key) => driverKey.test(key)).map((key) => [key, offValue(key)] as const)
  const on = Object.entries(trusted).filter(([key]) => driverKey.test(key))
  return { strange, pins: { ...Object.fromEntries(off), ...Object.fromEntries(on) } }
}

/** An empty merge driver would take our side without a word; one that fails makes a conflict. */
function offValue(key: string): string {
  if (key.endsWith('.required')) return 'false'
  return key.startsWith('merge.') ? 'false' : ''
}

/** Also what an include would bring in another worktree, or once its condition holds. */
async function readConfiguration(
  gitDir: string,
  env: Options['env'],
  list: Options['list'],
): Promise<{ drivers: Record<string, string>; ways: Ways; origins: Set<string>; perWorktree: boolean }> {
  const drivers: Record<string, string> = {}
  const ways: Ways = {}
  const origins = new Set<string>()
  const read = new Set<string>()
  let perWorktree = false
  const wanted: string[] = worktreeConfigs(gitDir)
  const take = (text: string) => {
    for (const { origin, key, value } of entriesOf(text, gitDir)) {
      if (origin) origins.add(origin)
      if (driverKey.test(key)) drivers[key] = value
      // All of these are used, one after the other.
      else if (wayKey.test(key)) (ways[key] ??= []).push(value)
      if (key === 'extensions.worktreeconfig') perWorktree ||= !/^(?:false|no|off|0)?$/i.test(value)
      if (includeKey.test(key) && origin) wanted.push(includedPath(value, origin, env))
    }
  }
  take(await list([]))
  for (let file = wanted.pop(); file !== undefined; file = wanted.pop()) {
    if (read.has(file) || origins.has(file)) continue
    read.add(file)
    origins.add(file)
    if (exists(file)) take(await list(['--file', file]))
  }
  return { drivers, ways, origins, perWorktree }
}

/** Where work is pushed to, and every program and detour on the way there. */
const wayKey =
  /^(?:branch\..*\.remote|remote\..*\.(?:url|pushurl|uploadpack|receivepack|vcs|proxy|lfsurl|lfspushurl)|url\..*\.(?:insteadof|pushinsteadof)|core\.(?:sshcommand|gitproxy)|credential\.(?:.*\.)?helper|http\.(?:.*\.)?(?:proxy|sslverify|sslcainfo|extraheader)|lfs\.(?:.*\.)?(?:url|pushurl|standalonetransferagent|path|args|clean|smudge))$/s

const noWays = (): boolean => false
/** Of the remotes and branches only the ones that matter. */
const waysTo =
  (name: string, { target }: { target: string }) =>
  (key: string): boolean => {
    if (!wayKey.test(key)) return false
    if (key.startsWith('branch.')) return key === `branch.${target}.remote`
    return !key.startsWith('remote.') || key.startsWith(`remote.${name}.`)
  }

/** They may hold what opens a door, so only that they are the same is ever stored. */
const printOf = (values: readonly string[]): string =>
  `sha256 ${createHash('sha256').update(values.join('\n')).digest('hex').slice(0, 32)}`

/** As it is called; else the upstream's of the target; else the only one there is. */
function remoteIn(ways: Ways, wanted: Options['remote']): Found['remote'] {
  const names = Object.keys(ways).flatMap((key) => /^remote\.(.*)\.url$/s.exec(key)?.[1] ?? [])
  const upstream = ways[`branch.${wanted?.target ?? ''}.remote`]?.at(-1)
  const usual = upstream === '.' ? undefined : upstream
  const name = wanted?.name || usual || (names.length === 1 ? names[0]! : 'origin')
  return { name, known: names.includes(name) }
}

function* entriesOf(
  text: string,
  gitDir: string,
): Generator<{ origin: string | undefined; key: string; value: string }> {
  const parts = text.split('\0')
  for (let n = 0; n + 1 < parts.length; n += 2) {
    const said = parts[n + 1]!
    const end = said.indexOf('\n')
    const key = end < 0 ? said : said.slice(0, end)
    const origin = parts[n]!.startsWith('file:') ? resolve(gitDir, parts[n]!.slice('file:'.length)) : undefined
    // A key without a value means true.
    if (origin) yield { origin, key, value: end < 0 ? 'true' : said.slice(end + 1) }
  }
}

function includedPath(value: string, origin: string, env: Options['env']): string {
  if (value.startsWith('~/')) return join(env['HOME'] ?? homedir(), value.slice(2))
  return resolve(dirname(origin), value)
}

const worktreeConfigs = (gitDir: string): string[] =>
  namesIn(`${gitDir}/worktrees`).map((name) => `${gitDir}/worktrees/${name}/config.worktree`)

function usualFiles(gitDir: string, env: Options['env']): string[] {
  const home = env['HOME'] ?? homedir()
  const ours = ['config', 'config.worktree', alternatesKey].map((name) => join(gitDir, name))
  const theirs = [
    join(home, '.gitconfig'),
    join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'git', 'config'),
    '/etc/gitconfig',
  ]
  return [...ours, ...theirs]
}

/** The time of change cannot be set by anybody, so no content needs to be read. */
function fingerprint(...groups: readonly Iterable<string>[]): string {
  let print = ''
  for (const files of groups)
    for (const file of files) {
      const now = statSync(file, quietly)
      if (now) print += `${file} ${now.ino} ${now.size} ${now.mtimeMs} ${now.ctimeMs}\n`
    }
  return print
}

const quietly = { throwIfNoEntry: false } as const
