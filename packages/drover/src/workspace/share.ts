import type { Away, Shared } from '../ports/workspace.ts'
import type { Git } from './git.ts'
import { rescueRef } from './keep.ts'
import type { Refs } from './refs.ts'
import { bringModules, modulesIn } from './share-modules.ts'
import { isAway, note, remoteAway, theRemote, type Remote } from './remote.ts'

export interface Sharing {
  git: Git
  refs: Refs
  remote: Remote | null
  /** The branch that work lands on. */
  target: string
  /** Whose tasks these are: two projects may have one remote. */
  project: string
  /** What the remote was last seen to hold of a task. */
  seen: Map<string, ReadonlyMap<string, string>>
  landed: Map<string, string>
}

/** Where the remote holds what an attempt has done so far, and here what this machine knows of that. */
export const wipFolder = (project: string, task: string): string => `refs/drover/wip/${task}/${project}/`
const wipRef = ({ project }: Sharing, task: string, attempt: number): string => wipFolder(project, task) + attempt

/** A push that fails without the remote's own no is tried so often: its reply may have been lost. */
const tries = 3

/**
 * Brings what was kept of the attempt to the remote. Only over what this machine knows to be there: whatever else is there
 * was brought by another one, which is then known too.
 */
export async function share(
  to: Sharing,
  { task, attempt }: { task: string; attempt: number },
  signal: AbortSignal,
): Promise<Shared> {
  const commit = await to.refs.read(rescueRef(task, attempt))
  if (!to.remote || !commit) return 'shared'
  const ref = wipRef(to, task, attempt)
  const { refspecs, objects } = await modulesIn(to, commit)
  let known = await to.refs.read(ref)
  for (let n = 1; known !== commit; n++) {
    const lease = `--force-with-lease=${ref}:${known ?? ''}`
    const large = { ref, commit, since: known ?? null }
    const pushed = await to.remote.push([lease, '--', theRemote, `${commit}:${ref}`, ...refspecs], {
      large,
      objects,
      signal,
    })
    if (pushed.outcome === 'done') break
    const there = await to.remote.ask([ref], signal)
    if (isAway(there)) return there
    const now = there.get(ref)
    if (now === commit) break
    if (now === known) {
      if (pushed.no || n >= tries) return { refused: pushed.words }
    } else if (now === undefined || (await isBelow(to.git, now, commit))) known = now
    else return (await to.remote.fetch([`+${ref}:${ref}`], signal)) ?? 'taken'
  }
  await note(to.git, to.refs, new Map([[ref, commit]]))
  return 'shared'
}

/** What this machine brought itself: a later keeping stands on the earlier. */
async function isBelow(git: Git, commit: string, above: string): Promise<boolean> {
  const { code } = await git.run(git.bare, ['merge-base', '--is-ancestor', commit, above], { also: [1, 128] })
  return code === 0
}

/**
 * What other machines have brought of this task comes here: of this attempt, or else of the last one before.
 * Looked for only where the remote was seen to hold something that is not here.
 */
export async function collect(
  to: Sharing,
  { task, attempt, fresh }: { task: string; attempt: number; fresh: boolean },
): Promise<string | undefined> {
  if (!to.remote) return undefined
  const folder = wipFolder(to.project, task)
  const there = to.seen.get(task) ?? new Map<string, string>()
  const attempts = [...there.keys()].flatMap((ref) => /^\d+$/.exec(ref.slice(folder.length))?.[0] ?? []).map(Number)
  const last = Math.max(0, ...attempts.filter((n) => n <= attempt))
  if (last === 0 || (fresh && last !== attempt)) return undefined
  const ref = folder + last
  const commit = there.get(ref)!
  if ((await to.refs.read(ref)) !== commit) await bringRefs(to, [`+${ref}:${ref}`], commit)
  return commit
}

/** A commit that the ledger names, and another machine made. */
export async function bring(to: Sharing, task: string, commit: string): Promise<void> {
  if (!to.remote) return
  for (const folder of [wipFolder(to.project, task), 'refs/drover/wip/']) {
    if (await isHere(to.git, commit)) return
    await bringRefs(to, [`+${folder}*:${folder}*`], commit)
  }
}

const isHere = async (git: Git, commit: string): Promise<boolean> =>
  (await git.run(git.bare, ['cat-file', '-e', `${commit}^{commit}`], { also: [1, 128] })).code === 0

async function bringRefs({ git, remote, ...to }: Sharing, refspecs: readonly string[], commit: string): Promise<void> {
  const away =
    (await remote!.fetch(refspecs)) ?? ((await isHere(git, commit)) ? await remote!.fetchLarge(commit) : undefined)
  if (away) throw remoteAway(away)
  await bringModules({ git, remote, ...to }, commit)
}

/** What the remote holds of tasks that are over goes, also what other machines brought there. */
export async function unshare(
  to: Sharing,
  isOver: (task: string) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const there = await to.remote?.ask(['refs/drover/wip/*'], signal)
  if (!there || isAway(there)) return
  const gone: [string, string][] = []
  for (const [ref, oid] of there) {
    const [, , , task = '', project] = ref.split('/')
    if (project === to.project && (await isOver(task))) gone.push([ref, oid])
  }
  await takeAway(to, gone, signal)
}

/** One that cannot be taken away now is found at the next start. */
async function takeAway(to: Sharing, gone: readonly [string, string][], signal: AbortSignal): Promise<void> {
  for (let n = 0; n < gone.length; n += mostAtOnce) {
    const some = gone.slice(n, n + mostAtOnce)
    const words = [...leasesOf(some), '--', theRemote, ...some.map(([ref]) => `:${ref}`)]
    const pushed = await to.remote!.push(words, { signal })
    if (pushed.outcome === 'done') await note(to.git, to.refs, new Map(some.map(([ref]) => [ref, undefined])))
  }
}
const mostAtOnce = 200

export const leasesOf = (refs: readonly (readonly [string, string])[]): string[] =>
  refs.map(([ref, oid]) => `--force-with-lease=${ref}:${oid}`)
