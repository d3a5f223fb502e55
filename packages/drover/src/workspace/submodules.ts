import { lstat, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DroverError } from '../domain/error.ts'
import type { Git, Place } from './git.ts'
import { snapshot } from './nested.ts'
import { openRefs } from './refs.ts'
import { exists } from './small-files.ts'
import type { Staging } from './staged.ts'

/** Path to name, as the worktree's `.gitmodules` says. */
export async function submoduleNames(git: Git, place: Place): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  const file = join(place.worktree, '.gitmodules')
  if (!(await lstat(file).catch(() => undefined))?.isFile()) return names
  const { out } = await git.run(
    place,
    ['config', '--no-includes', '-z', '--file', file, '--get-regexp', '^submodule\\..*\\.path$'],
    { also: [1, 128] },
  )
  for (const entry of out.split('\0')) {
    const [key = '', path] = entry.split('\n')
    const name = key.slice('submodule.'.length, -'.path'.length)
    if (path && isSafeName(name)) names.set(path, name)
  }
  return names
}

/** A name is a folder under `modules`, and must stay there. */
export const isSafeName = (name: string): boolean =>
  name !== '' &&
  !name.startsWith('/') &&
  !name.includes('\\') &&
  name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

interface Link {
  path: string
  name: string | undefined
  /** What the index says, and what the base said. */
  oid: string | null
  before: string | null
}

interface KeptLink {
  oid: string | null
  problem: string | null
  /** The tree of its uncommitted work. */
  aside: string | null
}

/** Brings a submodule's commits where they outlive the worktree: into the folder that the user's checkout uses. */
export async function keepSubmodule({ git, runFolder }: Staging, place: Place, link: Link): Promise<KeptLink> {
  const folder = join(place.worktree, link.path)
  const module = await moduleOf(folder)
  if (!module) return { oid: link.oid, problem: await missing(git, link), aside: null }
  const oid = (await openRefs({ ...git, common: module }).commitOf(module)) ?? link.oid
  if (!oid) return { oid, problem: `the submodule ${link.path} has no commit`, aside: null }
  const { store, isCommon } = await storeOf(git, link.name)
  if (!(await bring(git, store, { module, oid }))) return { oid, problem: unreachable(link.path, oid), aside: null }
  const tree = (await git.run(store, ['rev-parse', `${oid}^{tree}`])).out.trim()
  const found = await snapshot(git, folder, runFolder, folder)
  const aside = found === tree ? null : found
  if (aside) return { oid, problem: `the submodule ${link.path} has uncommitted changes; commit them inside it`, aside }
  const problem =
    isCommon || oid === link.before
      ? null
      : `${unreachable(link.path, oid)}: run git submodule update --init ${link.path} in the main checkout`
  return { oid, problem, aside: null }
}

const unreachable = (path: string, oid: string): string =>
  `the commit ${oid.slice(0, 12)} of the submodule ${path} cannot be reached from here`

/** An agent may have set the link without ever making the submodule's folder. */
async function missing(git: Git, { path, name, oid, before }: Link): Promise<string | null> {
  if (oid === null || oid === before) return null
  const { store, isCommon } = await storeOf(git, name)
  return isCommon && (await isWhole(git, store, oid)) ? null : unreachable(path, oid)
}

async function moduleOf(folder: string): Promise<string | undefined> {
  const path = join(folder, '.git')
  const now = await lstat(path).catch(() => undefined)
  if (now?.isDirectory()) return path
  const target = now?.isFile() ? /^gitdir: (.+)$/m.exec(await readFile(path, 'utf8'))?.[1] : undefined
  return target ? resolve(folder, target) : undefined
}

/** The module's common folder; the repository's own while the user never made one. */
export async function storeOf(git: Git, name: string | undefined): Promise<{ store: Place; isCommon: boolean }> {
  const gitDir = name === undefined ? undefined : join(git.common, 'modules', name)
  if (!gitDir || !exists(join(gitDir, 'HEAD'))) return { store: git.bare, isCommon: false }
  return { store: { ...git.bare, gitDir, env: { GIT_COMMON_DIR: gitDir } }, isCommon: true }
}

async function bring(git: Git, store: Place, { module, oid }: { module: string; oid: string }): Promise<boolean> {
  if (!(await isWhole(git, store, oid)) && !(await copyObjects(git, store, { module, oid }))) return false
  await git.run(store, ['update-ref', `refs/drover/kept/${oid}`, oid])
  return true
}

export const isWhole = async (git: Git, store: Place, oid: string): Promise<boolean> =>
  (await git.run(store, ['rev-list', '--objects', '--quiet', oid, '--not', '--all'], { also: [128] })).code === 0

const packMissing = `
(echo "$1"; git for-each-ref --format='^%(objectname)') | git pack-objects -q --revs "$2"
`

/** Not by `git fetch`: that would run a git with the agent's configuration. */
export async function copyObjects(
  git: Git,
  store: Place,
  { module, oid }: { module: string; oid: string },
): Promise<boolean> {
  const place: Place = { ...store, env: { ...store.env, GIT_ALTERNATE_OBJECT_DIRECTORIES: join(module, 'objects') } }
  try {
    await git.script(place, packMissing, [oid, join(store.gitDir, 'objects', 'pack', 'pack')])
    return true
  } catch (error) {
    if (error instanceof DroverError && error.code === 'git') return false
    throw error
  }
}

/** Whether the commit is whole in one of the modules' common folders, where a checkout would look for it. */
export async function canReach(git: Git, oid: string): Promise<boolean> {
  for (const gitDir of await moduleFolders(join(git.common, 'modules'))) {
    const store: Place = { ...git.bare, gitDir, env: { GIT_COMMON_DIR: gitDir } }
    if (await isWhole(git, store, oid)) return true
  }
  return false
}

/** A name may hold slashes, so a module's folder may lie deeper. */
export async function moduleFolders(folder: string): Promise<string[]> {
  if (exists(join(folder, 'HEAD'))) return [folder]
  const children = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return (
    await Promise.all(
      children.filter((child) => child.isDirectory()).map((child) => moduleFolders(join(folder, child.name))),
    )
  ).flat()
}
