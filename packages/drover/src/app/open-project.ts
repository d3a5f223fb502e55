import { existsSync } from 'node:fs'
import { DroverError } from '../domain/error.ts'
import type { SettingKey } from '../domain/settings.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger, Speaker } from '../ports/ledger.ts'
import type { Reading } from '../ports/reading.ts'
import type { Records } from '../ports/records.ts'
import { realClock } from './clock.ts'
import { ledgerPlace, openLedgerAt, projectIdIn, type LedgerPlace } from './open-ledger.ts'
import { machineName, readIdentity, type Identity } from './identity.ts'
import { readHolder } from './holder.ts'
import { loadConfig, type Config } from './load-config.ts'
import { lastKept } from './keep-lost.ts'
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
  ledgerAt: LedgerPlace
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
  /** Which of a database's projects, where the folder does not say. */
  project?: string
  flags?: Partial<Record<SettingKey, unknown>>
}

export async function openProject({ folder, config: file, db, project, flags }: Options): Promise<Project> {
  const places = findPlaces(folder)
  const below = placesBelow(places)
  if (!existsSync(places.folder)) throw noProject(places, below.ledger)
  const config = await loadConfig({
    root: places.root,
    ...(file ? { file } : {}),
    flags: { ...flags, ...(db ? { database_url: db } : {}) },
  })
  const { settings } = config
  const machine = machineName(settings)
  const ledgerAt = ledgerPlace(settings.database_url, places)
  if ('file' in ledgerAt && !existsSync(ledgerAt.file)) throw noProject(places, ledgerAt.file)
  const opened = await openLedgerAt({ at: ledgerAt, project: project ?? projectIdIn(places), machine })
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
    ledgerAt,
    ...opened,
    person: () => ({
      kind: 'person',
      name: identity.name,
      email: identity.email,
      request: Buffer.from(realClock.bytes(12)).toString('hex'),
    }),
    poke: async () => {
      if (!readHolder(places)) return
      const { tellDaemon } = await import('./socket-client.ts')
      await tellDaemon(places, { ask: 'poke' })
    },
    close: () => opened.ledger.close(),
  }
}

function noProject(places: Places, file: string): DroverError {
  const kept = lastKept(places)
  return new DroverError('no-project', { folder: places.root, ...(kept === null ? {} : { lost: { file, kept } }) })
}
