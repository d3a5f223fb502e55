import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import type { CheckoutMove } from '../domain/event.ts'
import { pathsOf, type Change } from './changes.ts'
import type { Git, Place } from './git.ts'

/** Files that a landing adds, and that are there already, be they ignored: git itself would overwrite those. */
export async function inTheWay(root: string, changes: readonly Change[]): Promise<string[]> {
  const gone = new Map(changes.flatMap(({ path, is }) => (is ? [] : [[path.toLowerCase(), path] as const])))
  const goes: Goes = (path) => isGone(root, path, gone.get(path.toLowerCase()))
  const added = changes.filter(({ was }) => was === null)
  const found = await Promise.all(added.map(({ path }) => occupant(root, path, goes)))
  return [...new Set(found.flat())]
}

/** Whether the landing takes away what stands at this path. */
type Goes = (path: string) => Promise<boolean>

/** Where the file system takes no notice of case, another spelling is the same file; elsewhere it is somebody's own. */
async function isGone(root: string, path: string, gone: string | undefined): Promise<boolean> {
  if (gone === undefined || gone === path) return gone === path
  const [one, other] = await Promise.all([path, gone].map((name) => lstat(join(root, name)).catch(() => undefined)))
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev
}

/** What stands at this path, or at a folder it needs: but for what the landing takes away itself. */
async function occupant(root: string, path: string, goes: Goes): Promise<string[]> {
  // A name that is no text cannot be asked for, but it can be found among the others.
  if (path.includes('\uFFFD')) return (await isListed(root, path)) ? [path] : []
  const parts = path.split('/')
  for (let n = 1; n <= parts.length; n++) {
    const part = parts.slice(0, n).join('/')
    const now = await lstat(join(root, part)).catch(() => undefined)
    if (!now) return []
    if (await goes(part)) return []
    if (n === parts.length) return now.isDirectory() ? leftIn(root, part, goes) : [part]
    if (!now.isDirectory()) return [part]
  }
  return []
}

/** Whether something stands there whose name reads the same; a folder with such a name is not looked into. */
async function isListed(root: string, path: string): Promise<boolean> {
  const parts = path.split('/')
  const n = parts.findIndex((part) => part.includes('\uFFFD'))
  const names: string[] = await readdir(join(root, ...parts.slice(0, n))).catch(() => [])
  return names.includes(parts[n]!)
}

/** A folder may become a file when the landing removes all that is in it. */
async function leftIn(root: string, folder: string, goes: Goes): Promise<string[]> {
  const children = await readdir(join(root, folder), { withFileTypes: true })
  const left = children.map(async (child) => {
    const path = `${folder}/${child.name}`
    if (child.isDirectory()) return leftIn(root, path, goes)
    return (await goes(path)) ? [] : [path]
  })
  return (await Promise.all(left)).flat()
}

const dryRun = `
git update-index -q --refresh >/dev/null || true
git read-tree -m -u -n "$1" "$2"
`

/** Files whose edits the move would have to overwrite. The index must be a copy. */
export async function editedFiles(
  git: Git,
  place: Place,
  { from, to }: Pick<CheckoutMove, 'from' | 'to'>,
  changes: readonly Change[],
): Promise<string[]> {
  const { code, err } = await git.script(place, dryRun, [from, to], { also: [1, 128] })
  return code === 0 ? [] : editsIn(git, place, from, { changes, err })
}

export async function editsIn(
  git: Git,
  place: Place,
  from: string,
  { changes, err }: { changes: readonly Change[]; err: string },
): Promise<string[]> {
  const { out, code } = await git.run(place, ['diff-index', '-z', '--name-only', from], { also: [128] })
  const edited = new Set(code === 0 ? out.split('\0') : [])
  const both = pathsOf(changes).filter((path) => edited.has(path))
  if (both.length > 0) return both
  // Not the person's files but the landing itself is not there any more: somebody cleaned the repository up meanwhile.
  if (/unpack tree object|bad object|not a tree object|Could not read/i.test(err))
    throw new DroverError('git', { command: 'read-tree', problem: err.trim() })
  const named = [...err.matchAll(/'([^'\n]+)'/g)].map((found) => found[1]!)
  return named.length > 0 ? named : [err.trim().split('\n')[0] ?? '']
}
