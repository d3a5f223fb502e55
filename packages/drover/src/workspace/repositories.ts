import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { addBut, nestedIn } from './add.ts'
import { gitlink } from './changes.ts'
import type { Git, Place } from './git.ts'
import { snapshot } from './nested.ts'
import { exists } from './small-files.ts'
import type { Staged, Staging } from './staged.ts'
import { keepSubmodule, submoduleNames } from './submodules.ts'

/**
 * Stages a worktree that has repositories inside, or hides files. They are left out of `git add`: it would run git in
 * them, with what the agent configured there. Submodules stay links, all others become plain files.
 */
export async function stageRepositories(
  to: Staging,
  place: Place,
  { base, hides }: { base: string; hides: boolean },
): Promise<Pick<Staged, 'problems' | 'aside'>> {
  const { git } = to
  const links = await linksInIndex(git, place, base)
  if (hides) await showAll(git, place)
  const nested = await nestedIn(git, place)
  const left = [...new Set([...links.keys(), ...nested])]
  await addBut(git, place, left)
  const names = await submoduleNames(git, place)
  const before = await linksIn(git, place, base)
  const said: Pick<Staged, 'problems' | 'aside'> = { problems: [], aside: [] }
  for (const path of left) {
    const name = names.get(path)
    if (name === undefined && !before.has(path)) await stageAsFiles(to, place, path)
    else
      await stageSubmodule(
        to,
        place,
        { path, name, oid: links.get(path) ?? null, before: before.get(path) ?? null },
        said,
      )
  }
  return said
}

/** An index that git cannot read is built again from the base: the files themselves are what counts. */
async function linksInIndex(git: Git, place: Place, base: string): Promise<Map<string, string>> {
  try {
    return linksOf((await git.run(place, ['ls-files', '-s', '-z'])).out)
  } catch (error) {
    if (!(error instanceof DroverError) || error.code !== 'git') throw error
    await rm(place.index!, { force: true })
    await git.run(place, ['read-tree', base])
    return linksOf((await git.run(place, ['ls-files', '-s', '-z'])).out)
  }
}

const linksIn = async (git: Git, place: Place, commit: string) =>
  linksOf((await git.run(place, ['ls-tree', '-r', '-z', commit])).out)

/** Reads `ls-files -s -z` and `ls-tree -z`. */
function linksOf(out: string): Map<string, string> {
  const entries = out.split('\0').filter((line) => line.startsWith(`${gitlink} `))
  return new Map(entries.map((line) => [line.slice(line.indexOf('\t') + 1), /[0-9a-f]{40,64}/.exec(line)![0]]))
}

async function showAll(git: Git, place: Place): Promise<void> {
  const { out } = await git.run(place, ['ls-files', '-z'])
  for (const flag of ['--no-assume-unchanged', '--no-skip-worktree'])
    await git.run(place, ['update-index', '-z', flag, '--stdin'], { input: out })
}

async function stageAsFiles({ git, runFolder }: Staging, place: Place, path: string): Promise<void> {
  const folder = join(place.worktree, path)
  const tree = exists(folder) ? await snapshot(git, folder, runFolder, place.worktree) : null
  await git.run(place, ['update-index', '-z', '--force-remove', '--stdin'], { input: `${path}\0` })
  if (tree) await git.run(place, ['read-tree', `--prefix=${path}/`, tree])
}

interface Link {
  path: string
  name: string | undefined
  oid: string | null
  before: string | null
}

async function stageSubmodule(
  to: Staging,
  place: Place,
  link: Link,
  said: Pick<Staged, 'problems' | 'aside'>,
): Promise<void> {
  const kept = await keepSubmodule(to, place, link)
  const input = kept.oid && kept.oid !== link.oid ? `${gitlink} ${kept.oid}\t${link.path}\0` : undefined
  if (input) await to.git.run(place, ['update-index', '-z', '--index-info'], { input })
  if (kept.problem) said.problems.push(kept.problem)
  if (kept.aside) said.aside.push({ path: link.path, tree: kept.aside })
}
