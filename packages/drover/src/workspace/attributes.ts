import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Change } from './changes.ts'
import { removeAll } from './caches.ts'
import type { Git } from './git.ts'
import { exists } from './small-files.ts'

/** Folders that hold a commit's `.gitattributes` and nothing else: a merge reads them from where it runs. */
export interface Attributes {
  folderOf(tip: string): Promise<string>
  /** A commit whose difference from a known one is known needs no listing of its whole tree. */
  learn(commit: string, from: string, changes: readonly Change[]): void
}

export function openAttributes(git: Git, runFolder: string): Attributes {
  const same = new Map<string, string>()
  const folders = new Map<string, Promise<string>>()
  const root = (commit: string): string => (same.has(commit) ? root(same.get(commit)!) : commit)
  return {
    async folderOf(tip) {
      const commit = root(tip)
      const folder = folders.get(commit) ?? lay(git, join(runFolder, 'attributes'), commit)
      folders.set(commit, folder)
      folder.catch(() => folders.delete(commit))
      return folder
    },
    learn(commit, from, changes) {
      if (changes.some(({ path }) => isAttributes(path))) return
      same.set(commit, root(from))
      if (same.size > 1000) same.clear()
    },
  }
}

const isAttributes = (path: string): boolean => path === '.gitattributes' || path.endsWith('/.gitattributes')

async function lay(git: Git, parent: string, commit: string): Promise<string> {
  const { out } = await git.run(git.bare, ['ls-tree', '-r', '-z', commit])
  const files = out.split('\0').flatMap((line) => {
    const [about = '', path = ''] = line.split('\t')
    return about.startsWith('100') && isAttributes(path) ? [{ path, oid: about.split(' ')[2]! }] : []
  })
  if (files.length === 0) return git.bare.cwd
  const folder = join(parent, commit)
  if (exists(folder)) return folder
  const draft = `${folder}.new`
  await removeAll(draft)
  for (const { path, oid } of files)
    await writeTo(join(draft, path), (await git.run(git.bare, ['cat-file', 'blob', oid])).out)
  await rename(draft, folder)
  return folder
}

async function writeTo(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}
