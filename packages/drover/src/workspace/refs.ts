import { readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Git } from './git.ts'
import { removeWhenLeft } from './left-lock.ts'
import { exists, lookAt, readText } from './small-files.ts'

export const isOid = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
export const zeros = (like: string): string => '0'.repeat(like.length)

/** What a HEAD file says: a branch or a commit. */
export type Head = { branch: string } | { commit: string }

/** Reads refs from their files, so that looking costs no process. */
export interface Refs {
  read(ref: string): Promise<string | undefined>
  head(gitDir: string): Head | undefined
  /** The commit of this HEAD, or nothing while its branch has none. */
  commitOf(gitDir: string): Promise<string | undefined>
}

export function openRefs(git: Git): Refs {
  const packed = packedRefs(git.common)

  async function read(ref: string, depth = 0): Promise<string | undefined> {
    if (inTable()) return askGit(ref)
    const text = readText(join(git.common, ref))?.trim()
    if (text === undefined) return packed().get(ref)
    if (isOid(text)) return text
    const next = /^ref: (refs\/.+)$/.exec(text)?.[1]
    return next && depth < 5 ? read(next, depth + 1) : undefined
  }

  let table: boolean | undefined
  const inTable = () => (table ??= exists(join(git.common, 'reftable')))
  const askGit = async (ref: string) => {
    const { code, out } = await git.run(git.bare, ['rev-parse', '--verify', '-q', ref], { also: [1, 128] })
    return code === 0 ? out.trim() : undefined
  }

  async function commitOf(gitDir: string): Promise<string | undefined> {
    const at = readHead(gitDir)
    if (!at) return undefined
    if ('commit' in at) return at.commit
    // Refs under these belong to one worktree, and are not in the common folder.
    return /^refs\/(?:bisect|worktree|rewritten)\//.test(at.branch)
      ? readText(join(gitDir, at.branch))?.trim()
      : read(at.branch)
  }

  return { read: (ref) => read(ref), head: readHead, commitOf }
}

function readHead(gitDir: string): Head | undefined {
  const path = join(gitDir, 'HEAD')
  // Old gits made HEAD a symbolic link to its branch.
  const link = lookAt(path)?.isSymbolicLink() ? readlinkSync(path) : undefined
  if (link?.startsWith('refs/')) return { branch: link }
  const text = readText(path)?.trim() ?? ''
  if (isOid(text)) return { commit: text }
  const branch = /^ref: (refs\/.+)$/.exec(text)?.[1]
  return branch ? { branch } : undefined
}

function packedRefs(common: string): () => ReadonlyMap<string, string> {
  const path = join(common, 'packed-refs')
  let seen = ''
  let refs: ReadonlyMap<string, string> = new Map()
  return () => {
    const now = statSync(path, { bigint: true, throwIfNoEntry: false })
    const mark = now ? `${now.ino} ${now.size} ${now.mtimeNs} ${now.ctimeNs}` : ''
    if (mark === seen) return refs
    refs = new Map((readText(path) ?? '').split('\n').flatMap((line) => entryOf(line)))
    seen = mark
    return refs
  }
}

function entryOf(line: string): [string, string][] {
  const found = /^([0-9a-f]{40,64}) (refs\/.+)$/.exec(line)
  return found ? [[found[2]!, found[1]!]] : []
}

const killed = -1

/** All of these or none, compared and swapped under git's own locks. */
export async function updateRefs(git: Git, lines: readonly string[], also: readonly number[] = []) {
  const input = ['start', ...lines, 'prepare', 'commit', ''].join('\n')
  const update = (answers: readonly number[]) => git.run(git.bare, ['update-ref', '--stdin'], { input, also: answers })
  const ended = await update([...also, killed])
  if (ended.code !== killed) return ended
  // What it had locked would stay locked for as long as this process lives.
  const refs = lines.flatMap((line) => line.split(' ')[1] ?? [])
  await Promise.all([...refs, 'HEAD', 'packed-refs'].map((ref) => removeWhenLeft(join(git.common, `${ref}.lock`))))
  return also.includes(killed) ? ended : update(also)
}
