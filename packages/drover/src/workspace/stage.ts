import { DroverError } from '../domain/error.ts'
import { inLines } from './add.ts'
import { gitlink, readChanges } from './changes.ts'
import type { Git, Place } from './git.ts'
import { lookAtIndex } from './index-file.ts'
import { stageRepositories } from './repositories.ts'
import { namesIn } from './small-files.ts'
import type { Staged, Staging } from './staged.ts'

const writeDown = `
tree=$(git write-tree)
echo "$tree"
git diff-tree -r -z --raw --no-renames "$base" "$tree"
`
const stageAll = `
base=$1
git add -A
if [ "$2" = 1 ]; then git update-index -z --force-remove --stdin; fi
${writeDown}`
const onlyWriteDown = `
base=$1
${writeDown}`

/** All that is there and not ignored, as a tree: the one pass over the files that keeping costs. */
export async function stage(to: Staging, place: Place, base: string): Promise<Staged> {
  const look = lookAtIndex(place.index!, base.length / 2)
  const markers = await newMarkers(to.git, place, base)
  const plain = look.hides || look.gitlinks ? undefined : await stagePlainly(to.git, place, { base, markers })
  if (plain && !plain.changes.some(({ is }) => is?.mode === gitlink))
    return { ...plain, claims: markers, problems: [], aside: [] }
  const { problems, aside } = await stageRepositories(to, place, { base, hides: look.hides })
  if (markers.length > 0)
    await to.git.run(place, ['update-index', '-z', '--force-remove', '--stdin'], { input: inLines(markers) })
  return { ...read((await to.git.script(place, onlyWriteDown, [base])).out), claims: markers, problems, aside }
}

/** Nothing when git cannot: a repository without a commit stands in the way, or the index is broken. */
async function stagePlainly(
  git: Git,
  place: Place,
  { base, markers }: { base: string; markers: string[] },
): Promise<Pick<Staged, 'tree' | 'changes'> | undefined> {
  try {
    return read(
      (await git.script(place, stageAll, [base, markers.length > 0 ? '1' : '0'], { input: inLines(markers) })).out,
    )
  } catch (error) {
    if (error instanceof DroverError && error.code === 'git') return undefined
    throw error
  }
}

function read(out: string): Pick<Staged, 'tree' | 'changes'> {
  const end = out.indexOf('\n')
  return { tree: out.slice(0, end), changes: readChanges(out.slice(end + 1)) }
}

/** Files in which an agent says how it went: no part of its work, unless the repository had them before. */
export async function newMarkers(git: Git, place: Place, base: string): Promise<string[]> {
  const names = namesIn(place.worktree).filter((name) => /^PARCEL_DONE.*\.md$/.test(name) || name === 'result.json')
  if (names.length === 0) return []
  const { out } = await git.run(place, ['ls-tree', '-z', '--name-only', base])
  const tracked = new Set(out.split('\0'))
  return names.filter((name) => !tracked.has(name))
}
