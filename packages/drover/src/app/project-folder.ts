import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { realClock } from './clock.ts'
import { placesBelow, type Places } from './places.ts'
import { makeSecret } from './surroundings.ts'

/** `.drover` with what every machine has of its own. */
export function makeFolder(places: Places): void {
  const below = placesBelow(places)
  mkdirSync(below.run, { recursive: true, mode: 0o700 })
  exclude(places)
  makeSecret(below.secret, realClock.bytes(32))
}

/** Which project this clone belongs to: whoever has only the database finds several there. */
export const writeCopy = (places: Places, project: string): boolean =>
  writeOnce(
    join(places.folder, 'config.yaml'),
    `# The ledger is the truth; this is a copy.\nschema: 1\nproject: ${project}\n`,
  )

export function writeOnce(file: string, text: string): boolean {
  if (existsSync(file)) return false
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
  return true
}

/** Ignored without touching the user's own `.gitignore`. */
function exclude({ gitDir }: Places): void {
  const file = join(gitDir, 'info', 'exclude')
  mkdirSync(join(gitDir, 'info'), { recursive: true })
  const said = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (said.split('\n').includes('/.drover/')) return
  appendFileSync(file, `${said === '' || said.endsWith('\n') ? '' : '\n'}/.drover/\n`)
}
