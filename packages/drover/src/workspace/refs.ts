import { lstat, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from './git.ts'

export const isOid = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
export const zeros = (like: string): string => '0'.repeat(like.length)

/** What a HEAD file says: a branch or a commit. */
export type Head = { branch: string } | { commit: string }

/** Reads refs from their files, so that looking costs no process. */
export interface Refs {
  read(ref: string): Promise<string | undefined>
  head(gitDir: string): Promise<Head | undefined>
  /** The commit of this HEAD, or nothing while its branch has none. */
  commitOf(gitDir: string): Promise<string | undefined>
}

export function openRefs(git: Git): Refs {
  const packed = packedRefs(git.common)

  async function read(ref: string, depth = 0): Promise<string | undefined> {
    if (await inTable()) return askGit(ref)
    const text = (await readText(join(git.common, ref)))?.trim()
    if (text === undefined) return (await packed()).get(ref)
    if (isOid(text)) return text
    const next = /^ref: (refs\/.+)$/.exec(text)?.[1]
    return next && depth < 5 ? read(next, depth + 1) : undefined
  }

  let table: Promise<boolean> | undefined
  const inTable = () => (table ??= exists(join(git.common, 'reftable')))
  const askGit = async (ref: string) => {
    const { code, out } = await git.run(git.bare, ['rev-parse', '--verify', '-q', ref], { also: [1, 128] })
    return code === 0 ? out.trim() : undefined
  }

  async function commitOf(gitDir: string): Promise<string | undefined> {
    const at = await readHead(gitDir)
    if (!at) return undefined
    if ('commit' in at) return at.commit
    // Refs under these belong to one worktree, and are not in the common folder.
    return /^refs\/(?:bisect|worktree|rewritten)\//.test(at.branch)
      ? (await readText(join(gitDir, at.branch)))?.trim()
      : read(at.branch)
  }

  return { read: (ref) => read(ref), head: readHead, commitOf }
}

async function readHead(gitDir: string): Promise<Head | undefined> {
  const path = join(gitDir, 'HEAD')
  // Old gits made HEAD a symbolic link to its branch.
  const link = (await lstat(path).catch(() => undefined))?.isSymbolicLink() ? await readlink(path) : undefined
  if (link?.startsWith('refs/')) return { branch: link }
  const text = (await readText(path))?.trim() ?? ''
  if (isOid(text)) return { commit: text }
  const branch = /^ref: (refs\/.+)$/.exec(text)?.[1]
  return branch ? { branch } : undefined
}

function packedRefs(common: string): () => Promise<ReadonlyMap<string, string>> {
  const path = join(common, 'packed-refs')
  let seen = ''
  let refs: ReadonlyMap<string, string> = new Map()
  return async () => {
    const now = await stat(path, { bigint: true }).catch(() => undefined)
    const mark = now ? `${now.ino} ${now.size} ${now.mtimeNs} ${now.ctimeNs}` : ''
    if (mark === seen) return refs
    refs = new Map(((await readText(path)) ?? '').split('\n').flatMap((line) => entryOf(line)))
    seen = mark
    return refs
  }
}

function entryOf(line: string): [string, string][] {
  const found = /^([0-9a-f]{40,64}) (refs\/.+)$/.exec(line)
  return found ? [[found[2]!, found[1]!]] : []
}

export const readText = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined)
export const exists = async (path: string): Promise<boolean> => (await lstat(path).catch(() => undefined)) !== undefined

/** All of these or none, compared and swapped under git's own locks. */
export async function updateRefs(git: Git, lines: readonly string[], also: readonly number[] = []) {
  const input = ['start', ...lines, 'prepare', 'commit', ''].join('\n')
  return git.run(git.bare, ['update-ref', '--stdin'], { input, also })
}
