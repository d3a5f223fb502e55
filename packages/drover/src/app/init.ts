import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { settingKeys, settings, type Setting } from '../domain/settings.ts'
import { withoutPassword } from '../domain/url.ts'
import { realClock } from './clock.ts'
import { machineName } from './identity.ts'
import { loadConfig } from './load-config.ts'
import { ledgerPlace, openLedgerAt, projectIdIn, type LedgerPlace } from './open-ledger.ts'
import { openWorkspaceAt } from './open-workspace.ts'
import { findPlaces, type Places } from './places.ts'
import { makeFolder, writeCopy, writeOnce } from './project-folder.ts'
import { asTrusted } from './trust.ts'

export interface Initialised {
  root: string
  target: string
  created: string[]
  detectedGate: string | null
}

/** Makes a repository a drover project. Twice is fine: what is there stays. */
export async function initProject({ folder, db }: { folder: string; db?: string }): Promise<Initialised> {
  const places = findPlaces(folder)
  const target = branchOf(places)
  const created: string[] = []
  const config = await loadConfig({ root: places.root, flags: db === undefined ? {} : { database_url: db } })
  makeFolder(places)
  const at = ledgerPlace(config.settings.database_url, places)
  const begun = realClock.now()
  const id = projectIdIn(places) ?? `project-${Buffer.from(realClock.bytes(6)).toString('hex')}`
  const machine = machineName(config.settings)
  const opened = await openLedgerAt({
    at,
    machine,
    create: { project: id, target, trusted: asTrusted(machine, await openWorkspaceAt(places).readDrivers()) },
  })
  try {
    const project = await opened.reading.project()
    if (project.createdAt >= begun) created.push('file' in at ? relative(places.root, at.file) : at.shown)
    const gate = detectGate(places.root)
    if (writeOnce(join(places.root, '.drover.toml'), defaults(gate, lastingUrl(at)))) created.push('.drover.toml')
    if (writeCopy(places, project.id)) created.push('.drover/config.yaml')
    return { root: places.root, target: project.target, created, detectedGate: gate }
  } finally {
    await opened.ledger.close()
  }
}

/** A database that was named on the command line is the project's from now on; a password is not written into a file of the repository. */
const lastingUrl = (at: LedgerPlace): string | null =>
  'url' in at && withoutPassword(at.url) === at.url ? at.url : null

/** The branch checked out now, which must have a commit. */
function branchOf(places: Places): string {
  const head = readFileSync(join(places.gitDir, 'HEAD'), 'utf8').trim()
  const branch = /^ref: refs\/heads\/(.+)$/.exec(head)?.[1]
  if (branch === undefined) throw new DroverError('no-branch', {})
  const packed = join(places.gitDir, 'packed-refs')
  const isBorn =
    existsSync(join(places.gitDir, 'refs', 'heads', branch)) ||
    (existsSync(packed) && readFileSync(packed, 'utf8').includes(` refs/heads/${branch}\n`))
  if (!isBorn) throw new DroverError('no-commit', { folder: places.root })
  return branch
}

const gates: [file: string, command: string, isMeant: (text: string) => boolean][] = [
  ['package.json', 'npm test', (text) => /"test"\s*:/.test(text) && !text.includes('no test specified')],
  ['Cargo.toml', 'cargo test', () => true],
  ['go.mod', 'go test ./...', () => true],
  ['pyproject.toml', 'python -m pytest', (text) => text.includes('pytest')],
  ['Makefile', 'make test', (text) => /^test:/m.test(text)],
]

function detectGate(root: string): string | null {
  const found = gates.find(
    ([file, , isMeant]) => existsSync(join(root, file)) && isMeant(readFileSync(join(root, file), 'utf8')),
  )
  return found?.[1] ?? null
}

/** Every setting with its default, as comments only. */
function defaults(gate: string | null, url: string | null): string {
  const lines = [
    '# Settings of drover for this repository. Everything here is a default; take the # away to change it.',
  ]
  let table = ''
  for (const key of settingKeys) {
    const [name, inner] = key.includes('.') ? (key.split('.') as [string, string]) : ['', key]
    const { about, kind, default: value } = settings[key] as Setting
    if (name !== table) lines.push('', `# [${(table = name)}]`)
    if (key === 'database_url' && url !== null) {
      lines.push(`database_url = ${JSON.stringify(url)}`)
      continue
    }
    const shown = key === 'land.gate' && gate !== null ? gate : kind.show(value as never)
    lines.push(
      `# ${inner} = ${JSON.stringify(shown)}${' '.repeat(Math.max(1, 28 - inner.length - JSON.stringify(shown).length))}# ${about}`,
    )
  }
  return `${lines.join('\n')}\n`
}
