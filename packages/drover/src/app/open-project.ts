import { existsSync, readFileSync } from 'node:fs'
import { DroverError } from '../domain/error.ts'
import type { SettingKey } from '../domain/settings.ts'
import { openSqlite } from '../ledger/open.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger, Speaker } from '../ports/ledger.ts'
import type { Reading } from '../ports/reading.ts'
import type { Records } from '../ports/records.ts'
import { realClock } from './clock.ts'
import { machineName, readIdentity, type Identity } from './identity.ts'
import { loadConfig, type Config } from './load-config.ts'
import { findPlaces, placesBelow, type Places } from './places.ts'

/** What a command is given. Git and the runtime are loaded only by those who need them. */
export interface Project {
  places: Places
  config: Config
  id: string
  target: string
  /** The person who types. */
  operator: Identity
  committer: Identity
  machine: string
  clock: Clock
  ledger: Ledger
  reading: Reading
  records: Records
  /** A person's words, with a request id of their own made now. */
  person(): Speaker
  /** Tells a living daemon that something was committed; silence when there is none. */
  poke(): Promise<void>
  close(): Promise<void>
}

interface Options {
  folder: string
  config?: string
  db?: string
  flags?: Partial<Record<SettingKey, unknown>>
  /** The daemon may wait longer for a lock, because it waits from a timer. */
  patienceMs?: number
}

export async function openProject({ folder, config: file, db, flags, patienceMs }: Options): Promise<Project> {
  const places = findPlaces(folder)
  const below = placesBelow(places)
  if (!existsSync(places.folder)) throw new DroverError('no-project', { folder: places.root })
  const config = await loadConfig({ root: places.root, ...(file ? { file } : {}), flags: { ...flags, ...(db ? { database_url: db } : {}) } })
  const { settings } = config
  const machine = machineName(settings)
  const ledgerFile = sqliteFile(settings.database_url) ?? below.ledger
  if (!existsSync(ledgerFile)) throw new DroverError('no-project', { folder: places.root })
  const opened = await openSqlite({ file: ledgerFile, machine, now: realClock.now, ...(patienceMs ? { patienceMs } : {}) })
  const { id, target } = await opened.reading.project()
  const identity = readIdentity(places, settings)
  return {
    places,
    config,
    id,
    target: settings['land.target'] || target,
    operator: { name: identity.name, email: identity.email },
    committer: identity.committer,
    machine,
    clock: realClock,
    ...opened,
    person: () => ({ kind: 'person', name: identity.name, email: identity.email, request: Buffer.from(realClock.bytes(12)).toString('hex') }),
    poke: async () => {
      if (!readHolder(places)) return
      const { tellDaemon } = await import('./socket-client.ts')
      await tellDaemon(places, { ask: 'poke' })
    },
    close: () => opened.ledger.close(),
  }
}

/** `sqlite:///path`, or nothing for the project's own file. */
export function sqliteFile(url: string): string | undefined {
  if (url === '') return undefined
  const path = /^sqlite:\/\/\/?(.+)$/.exec(url)?.[1]
  if (path !== undefined) return path
  throw new DroverError('bad-setting', { where: 'database_url', problem: `"${url.replace(/:[^:@/]*@/, ':***@')}" is not sqlite:///… ; PostgreSQL is not built in yet` })
}

export interface Holder {
  pid: number
  since: string
  kind: 'run' | 'daemon'
  epic: string | null
  workers: number
  socket: string
}

/** Who drives the project, as the holder of its lock wrote down. The lock itself is the truth. */
export function readHolder(places: Places): Holder | undefined {
  try {
    return JSON.parse(readFileSync(placesBelow(places).holder, 'utf8')) as Holder
  } catch {
    return undefined
  }
}
