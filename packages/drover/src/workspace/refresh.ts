import type { Away } from '../ports/workspace.ts'
import { landedRef } from './move.ts'
import { isAway, note, remoteRef, theRemote, type Remote } from './remote.ts'
import { wipFolder, type Sharing } from './share.ts'

/** What the remote says of the branch and of the task; without one, what stands here. */
export async function refresh(
  to: Sharing,
  { branch, task }: { branch: string; task: string },
  signal?: AbortSignal,
): Promise<{ landed: string | null } | Away> {
  const { git, refs, remote, seen } = to
  const landed = landedRef(task)
  if (!remote) return { landed: (await refs.read(landed)) ?? null }
  const [ref, folder] = [`refs/heads/${branch}`, wipFolder(to.project, task)]
  const there = await remote.ask([ref, landed, `${folder}*`], signal)
  if (isAway(there)) return there
  const tip = there.get(ref)
  if (tip === undefined) return { away: withoutBranch((await git.drivers.remote()).name, branch) }
  if ((await remote.tip(branch)) !== tip) {
    const away = (await bringTip(to, { branch, tip }, signal)) ?? (await remote.fetchLarge(tip, signal))
    if (away) return away
  }
  seen.set(task, new Map([...there].filter(([name]) => name.startsWith(folder))))
  const commit = there.get(landed)
  if (commit) to.landed.set(task, commit)
  else to.landed.delete(task)
  return { landed: commit ?? null }
}

/** What is here already need not be fetched. */
async function bringTip(
  { git, refs, remote }: Sharing,
  { branch, tip }: { branch: string; tip: string },
  signal?: AbortSignal,
): Promise<Away | undefined> {
  if ((await refs.read(`refs/heads/${branch}`)) !== tip)
    return remote!.fetch([`+refs/heads/${branch}:${remoteRef(branch)}`], signal)
  await note(git, refs, new Map([[remoteRef(branch), tip]]))
  return undefined
}

/** Asked for what a landing needs, and told nothing. */
export async function reach(
  { git }: Sharing,
  remote: Remote,
  branch: string,
): Promise<{ name: string; problem: string | null }> {
  const { name } = await git.drivers.remote()
  const there = await remote.ask([`refs/heads/${branch}`])
  if (isAway(there)) return { name, problem: there.away }
  const tip = there.get(`refs/heads/${branch}`)
  if (tip === undefined) return { name, problem: withoutBranch(name, branch) }
  const tried = await remote.push(['--dry-run', '--', theRemote, `HEAD:refs/drover/doctor`])
  return { name, problem: tried.outcome === 'done' ? null : `nothing can be pushed: ${tried.words}` }
}

const withoutBranch = (name: string, branch: string): string =>
  `it has no branch "${branch}": \`git push -u ${name} ${branch}\``
