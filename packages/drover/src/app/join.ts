import { existsSync, readdirSync } from 'node:fs'
import { DroverError } from '../domain/error.ts'
import { withoutPassword } from '../domain/url.ts'
import { loadConfig, type Config } from './load-config.ts'
import { ledgerPlace, projectIdIn } from './open-ledger.ts'
import { openProject, type Project } from './open-project.ts'
import { cloneAt, isHalfCloned, openWorkspaceFor, remotesAt } from './open-workspace.ts'
import { findPlaces, type Places } from './places.ts'
import { makeFolder, writeCopy } from './project-folder.ts'
import { travels } from './travels.ts'
import { trustHere } from './trust.ts'

interface Wanted {
  folder: string
  config?: string
  db?: string
  /** Which of the database's projects; the only one there is needs no name. */
  project?: string | undefined
  /** Where a clone comes from, in a folder that has none. */
  remote?: string | undefined
}

export interface Joined {
  root: string
  project: string
  /** Made now. */
  isClone: boolean
}

/** Makes this machine one of those that drive the project in the database. Twice is fine. */
export async function joinProject(wanted: Wanted): Promise<Joined> {
  const { folder, remote } = wanted
  const before = placesIn(folder, remote)
  if (!before) {
    await refuseFile(wanted, folder)
    await cloneAt(folder, remoteFor(folder, remote))
  }
  const places = before ?? findPlaces(folder)
  if (before && remote !== undefined) await refuseOther(before, remote)
  const { settings } = await refuseFile(wanted, places.root, places)
  if (!travels(settings)) throw new DroverError('no-sharing', {})
  const known = projectIdIn(places)
  if (known !== undefined && known !== (wanted.project ?? known))
    throw new DroverError('other-clone', { folder: places.root, problem: `its project is ${known}` })
  const project = known ?? (await joinFirst(places, wanted))
  return { root: places.root, project, isClone: !before }
}

/** Whether this is a clone in which nobody has joined the project of its database yet. */
export async function isToJoin({ folder, config, db }: Wanted): Promise<boolean> {
  const places = placesIn(folder, undefined)
  if (!places || projectIdIn(places) !== undefined) return false
  const { settings } = await settingsAt(places.root, { folder, ...(config ? { config } : {}), ...(db ? { db } : {}) })
  return 'url' in ledgerPlace(settings.database_url, places)
}

/** The clone's own place; a folder inside another repository is none when it is to become one. */
function placesIn(folder: string, remote: string | undefined): Places | undefined {
  if (isHalfCloned(folder) || (remote !== undefined && isEmpty(folder))) return undefined
  try {
    return findPlaces(folder)
  } catch (error) {
    if (error instanceof DroverError && error.code === 'no-git') return undefined
    throw error
  }
}

const isEmpty = (folder: string): boolean => !existsSync(folder) || readdirSync(folder).length === 0

function remoteFor(folder: string, remote: string | undefined): string {
  if (isHalfCloned(folder)) return remote ?? ''
  if (remote === undefined || !isEmpty(folder)) throw new DroverError('no-clone', { folder, isEmpty: isEmpty(folder) })
  return remote
}

const settingsAt = (root: string, { config: file, db }: Wanted): Promise<Config> =>
  loadConfig({
    root,
    ...(file === undefined ? {} : { file }),
    flags: db === undefined ? {} : { database_url: db },
  })

/** A ledger that is a file has one machine. Before there is a clone, its own settings are not known yet. */
async function refuseFile(wanted: Wanted, root: string, places?: Places): Promise<Config> {
  const config = await settingsAt(root, wanted)
  const url = config.settings.database_url
  if (!places && url === '') return config
  const at = ledgerPlace(url, places ?? { folder: root })
  if ('file' in at) throw new DroverError('needs-postgres', { where: at.file })
  return config
}

async function refuseOther({ root }: Places, remote: string): Promise<void> {
  const known = await remotesAt(root)
  if (known.some((url) => plain(url) === plain(remote))) return
  const shown = known.map(withoutPassword).join(', ') || 'none'
  throw new DroverError('other-clone', { folder: root, problem: `its remotes: ${shown}` })
}

const plain = (url: string): string => url.replace(/\/*(?:\.git)?\/*$/, '')

/** The copy of the project's id comes last: whoever is cut short begins again. */
async function joinFirst(places: Places, { folder, config, db, project: wanted }: Wanted): Promise<string> {
  makeFolder(places)
  const project = await openProject({
    folder,
    ...(config === undefined ? {} : { config }),
    ...(db === undefined ? {} : { db }),
    ...(wanted === undefined ? {} : { project: wanted }),
  })
  try {
    await checkClone(project)
    writeCopy(places, project.id)
    return project.id
  } finally {
    await project.close()
  }
}

/** What git is told here is trusted as it stands now, as by `init`. Then the remote can be asked whether it is the project's. */
async function checkClone(project: Project): Promise<void> {
  const workspace = await openWorkspaceFor(project)
  await trustHere(project, await workspace.readDrivers())
  const reached = await workspace.reach()
  if (reached?.problem) throw new DroverError('remote-away', { problem: reached.problem })
  const landing = (await project.reading.landings()).find(({ outcome }) => outcome === 'landed')
  if (!landing?.commit) return
  const there = await workspace.refresh(project.target, landing.task)
  if ('away' in there) throw new DroverError('remote-away', { problem: there.away })
  if (there.landed === landing.commit || (await workspace.has(landing.commit))) return
  const problem = `${landing.task} of ${project.id} landed as ${landing.commit.slice(0, 12)}, which ${reached?.name} does not know`
  throw new DroverError('other-clone', { folder: project.places.root, problem })
}
