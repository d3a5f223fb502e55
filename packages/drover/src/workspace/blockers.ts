import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckoutMove } from '../domain/event.ts'
import { pathsOf, type Change } from './changes.ts'
import type { Git, Place } from './git.ts'

/** Files that a landing adds, and that are there already, be they ignored: git itself would overwrite those. */
export async function inTheWay(root: string, changes: readonly Change[]): Promise<string[]> {
  const gone = new Set(changes.flatMap(({ path, is }) => (is ? [] : [path.toLowerCase()])))
  const added = changes.filter(({ was }) => was === null)
  const found = await Promise.all(added.map(({ path }) => occupant(root, path, gone)))
  return [...new Set(found.flat())]
}

/** What stands at this path, or at a folder it needs: but for what the landing takes away itself. */
async function occupant(root: string, path: string, gone: ReadonlySet<string>): Promise<string[]> {
  // A name that is no text cannot be looked at from here.
  if (path.includes('\uFFFD')) return [path]
  const parts = path.split('/')
  for (let n = 1; n <= parts.length; n++) {
    const part = parts.slice(0, n).join('/')
    const now = await lstat(join(root, part)).catch(() => undefined)
    if (!now) return []
    if (gone.has(part.toLowerCase())) return []
    if (n === parts.length) return now.isDirectory() ? leftIn(root, part, gone) : [part]
    if (!now.isDirectory()) return [part]
  }
  return []
}

/** A folder may become a file when the landing removes all that is in it. */
async function leftIn(root: string, folder: string, gone: ReadonlySet<string>): Promise<string[]> {
  const children = await readdir(join(root, folder), { withFileTypes: true })
  const left = children.map(async (child) => {
    const path = `${folder}/${child.name}`
    if (child.isDirectory()) return leftIn(root, path, gone)
    return gone.has(path.toLowerCase()) ? [] : [path]
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
  const named = [...err.matchAll(/'([^'\n]+)'/g)].map((found) => found[1]!)
  return named.length > 0 ? named : [err.trim().split('\n')[0] ?? '']
}
