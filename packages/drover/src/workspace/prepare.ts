import { copyFile, constants, mkdir, realpath, rm } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { cachePaths, hashCaches, removeAll, verifiedCaches } from './caches.ts'
import type { Git } from './git.ts'
import { lookAtIndex } from './index-file.ts'
import { exists } from './small-files.ts'
import { placeOf, remove, repair } from './repair.ts'
import type { Entries, Entry } from './worktree-file.ts'

export interface Preparing {
  git: Git
  entries: Entries
  /** The user's main checkout, from which ignored files are copied. */
  root: string
  runFolder: string
  /** A file in the root, written like a `.gitignore`, that names them. */
  include: string
  cache: readonly string[]
  /** Runs `worktree.setup` there; answers with what went wrong, in words. */
  setup: ((path: string) => Promise<string | null>) | null
}

const checkout = `
commit=$1
shift
git checkout -q -f --detach "$commit"
git clean -ffdxq "$@"
`

// What a git that stopped half-way leaves behind, and the next agent would take for its own.
const unfinished = [
  'rebase-merge',
  'rebase-apply',
  'sequencer',
  'MERGE_HEAD',
  'MERGE_MSG',
  'MERGE_MODE',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'BISECT_LOG',
  'BISECT_START',
]

/**
 * Brings a worktree whose work is kept to exactly this commit, with nothing else in it but verified caches.
 * Answers with what went wrong with the set-up; what goes wrong with git is thrown.
 */
export async function prepare(to: Preparing, entry: Entry, commit: string, fresh = false): Promise<string | null> {
  const paths = cachePaths(to.cache)
  const verified = fresh ? [] : await verifiedCaches(entry, paths)
  // Until it is ready nobody has worked here: at a crash there is nothing to keep, and a half-made checkout is no work.
  to.entries.save({ ...entry, kept: true, ready: false, caches: {} })
  repair(entry, to.runFolder)
  for (const name of unfinished) remove(join(entry.gitDir!, name))
  await moveTo(to, entry, commit, verified)
  await copyIncluded(to, entry)
  const problem = (await to.setup?.(entry.path)) ?? null
  if (problem === null) to.entries.save({ ...entry, ready: true, caches: await hashCaches(entry, paths) })
  return problem
}

async function moveTo(
  { git, runFolder }: Preparing,
  entry: Entry,
  commit: string,
  kept: readonly string[],
): Promise<void> {
  const index = join(entry.gitDir!, 'index')
  const args = [commit, ...kept.flatMap((path) => ['-e', `/${path.replace(/[[\]*?\\]/g, '\\$&')}`])]
  // A file that the index hides would stay as it is: without an index every file is written again.
  if (lookAtIndex(index, commit.length / 2).hides) await rm(index, { force: true })
  try {
    await git.script(placeOf(entry), checkout, args)
  } catch (error) {
    if (error instanceof DroverError && error.code === 'disk-full') throw error
    await empty(entry, runFolder)
    await git.script(placeOf(entry), checkout, [commit])
  }
}

/** A broken index, or folders nobody may write to: everything goes, and is written anew. */
async function empty(entry: Entry, runFolder: string): Promise<void> {
  await rm(join(entry.gitDir!, 'index'), { force: true })
  await removeAll(entry.path)
  await mkdir(entry.path, { recursive: true })
  repair(entry, runFolder)
}

/** Ignored files of the user's that a worktree needs (`.env`), copied anew each time. */
async function copyIncluded({ git, root, include }: Preparing, entry: Entry): Promise<void> {
  if (!include || !exists(join(root, include))) return
  const place = { cwd: root, gitDir: git.common, worktree: root, theirs: true }
  const named = await git.run(place, ['ls-files', '-z', '--others', '--ignored', `--exclude-from=${include}`])
  // What is not ignored would be committed with the agent's work.
  const { out } = await git.run(place, ['check-ignore', '-z', '--stdin'], { input: named.out, also: [1] })
  const inside = await realpath(entry.path)
  const paths = out.split('\0').filter((path) => path && !path.startsWith('.drover/'))
  for (const path of paths) await copyOne(join(root, path), join(entry.path, path), inside)
}

async function copyOne(from: string, to: string, inside: string): Promise<void> {
  if (exists(to)) return
  await mkdir(dirname(to), { recursive: true })
  // A link in the tree may point out of the worktree.
  if (!`${await realpath(dirname(to))}${sep}`.startsWith(`${inside}${sep}`)) return
  await copyFile(from, to, constants.COPYFILE_FICLONE).catch(() => undefined)
}
