import { join } from 'node:path'
import { gitlink, readChanges } from './changes.ts'
import type { Git } from './git.ts'
import type { Refs } from './refs.ts'
import { isAway, remoteRef, type Remote } from './remote.ts'
import { exists } from './small-files.ts'
import { canReach, copyObjects, isSafeName, isWhole, moduleFolders, storeOf } from './submodules.ts'

interface Sharing {
  git: Git
  refs: Refs
  remote: Remote | null
  target: string
}

/** Commits of submodules travel in the project's own remote: nobody need have a right to push to theirs. */
const moduleRef = (oid: string): string => `refs/drover/modules/${oid}`

/** The commits of submodules that this commit names and the branch does not: what to push with it, and where the objects are. */
export async function modulesIn(to: Sharing, commit: string): Promise<{ refspecs: string[]; objects: string[] }> {
  const found: { refspecs: string[]; objects: string[] } = { refspecs: [], objects: [] }
  const stores = await moduleFolders(join(to.git.common, 'modules'))
  if (stores.length === 0) return found
  for (const { oid } of await linksIn(to, commit))
    for (const gitDir of stores)
      if (await isWhole(to.git, { ...to.git.bare, gitDir, env: { GIT_COMMON_DIR: gitDir } }, oid)) {
        found.refspecs.push(`${oid}:${moduleRef(oid)}`)
        found.objects.push(join(gitDir, 'objects'))
        break
      }
  return found
}

/** And back, into the folder of the module that a landing looks in. One that nobody brought is fetched from its own remote by whoever needs it. */
export async function bringModules(to: Sharing, commit: string): Promise<void> {
  const { git, remote } = to
  if (!remote || !exists(join(git.common, 'modules'))) return
  const links = await linksIn(to, commit)
  const missing: Link[] = []
  for (const link of links) if (!(await canReach(git, link.oid))) missing.push(link)
  if (missing.length === 0) return
  const there = await remote.ask(missing.map(({ oid }) => moduleRef(oid)))
  if (isAway(there)) return
  const found = missing.filter(({ oid }) => there.has(moduleRef(oid)))
  if (found.length === 0) return
  await remote.fetch(found.map(({ oid }) => `+${moduleRef(oid)}:${moduleRef(oid)}`))
  for (const { path, oid } of found) await putIn(git, { name: await nameOf(git, commit, path), oid })
}

async function putIn(git: Git, { name, oid }: { name: string | undefined; oid: string }): Promise<void> {
  const { store, isCommon } = await storeOf(git, name)
  if (isCommon && (await copyObjects(git, store, { module: git.common, oid })))
    await git.run(store, ['update-ref', `refs/drover/kept/${oid}`, oid])
}

interface Link {
  path: string
  oid: string
}

async function linksIn({ git, refs, target }: Sharing, commit: string): Promise<Link[]> {
  const tip = (await refs.read(remoteRef(target))) ?? (await refs.read(`refs/heads/${target}`))
  if (!tip) return []
  const { code, out } = await git.run(git.bare, ['diff-tree', '-r', '-z', '--raw', '--no-renames', tip, commit], {
    also: [128],
  })
  const changes = code === 0 ? readChanges(out) : []
  return changes.flatMap(({ path, is }) => (is?.mode === gitlink ? [{ path, oid: is.oid }] : []))
}

async function nameOf(git: Git, commit: string, path: string): Promise<string | undefined> {
  const words = ['config', '--blob', `${commit}:.gitmodules`, '-z', '--get-regexp', '^submodule\\..*\\.path$']
  const { out } = await git.run(git.bare, words, { also: [1, 128] })
  const entry = out.split('\0').find((line) => line.slice(line.indexOf('\n') + 1) === path)
  const name = entry?.slice('submodule.'.length, entry.indexOf('\n') - '.path'.length)
  return name !== undefined && isSafeName(name) ? name : undefined
}
