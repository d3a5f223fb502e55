import type { Moved } from '../ports/workspace.ts'
import { isCheckedOut } from './heads.ts'
import { branchRef, rescueRef } from './keep.ts'
import { landedRef, type Moving, type MoveWanted } from './move.ts'
import { refuseStrangeDrivers } from './merge.ts'
import { updateRefs } from './refs.ts'
import { isAway, note, remoteAway, remoteRef, theRemote, type Remote } from './remote.ts'
import { leasesOf, wipFolder, type Sharing } from './share.ts'

type Pushing = Moving & Sharing & { remote: Remote }

/** A push that fails without the remote's own no is tried so often, while the remote answers. */
const tries = 3

/**
 * The one moment at which work reaches the remote's branch: that, and `refs/drover/landed/<task>`, or nothing. The remote compares both
 * with what they were, so no commit of anybody's is lost. What happened is read from its refs, since a reply may be lost.
 */
export async function pushLanding(to: Pushing, wanted: MoveWanted): Promise<Moved> {
  await refuseStrangeDrivers(to.git)
  const { task, branch, from, to: commit } = wanted
  const [there, landed] = [`refs/heads/${branch}`, landedRef(task)]
  const shared = [...(to.seen.get(task) ?? [])]
  const leases = leasesOf([[there, from], [landed, ''], ...shared])
  const refspecs = [`${commit}:${there}`, `${commit}:${landed}`, ...shared.map(([ref]) => `:${ref}`)]
  for (let n = 1; ; n++) {
    const pushed = await to.remote.push([...leases, '--', theRemote, ...refspecs], {
      large: { ref: there, commit, since: from },
    })
    const now =
      pushed.outcome === 'done' ? undefined : await to.remote.ask([there, landed, `${wipFolder(to.project, task)}*`])
    if (isAway(now)) return { outcome: 'away', ...now }
    if (now === undefined || now.get(landed) === commit) return settle(to, wanted, shared)
    // Somebody else landed, pushed, or brought work of this task: the merge is built again on what is there now.
    if (now.get(landed) || now.get(there) !== from || shared.some(([ref, oid]) => now.get(ref) !== oid))
      return { outcome: 'moved' }
    if (pushed.outcome === 'failed' && (pushed.no || n >= tries)) return { outcome: 'refused', words: pushed.words }
  }
}

/** What is so on the remote is noted here. */
async function settle(
  to: Pushing,
  { task, branch, to: commit }: MoveWanted,
  shared: [string, string][],
): Promise<Moved> {
  const own = branchRef(task)
  const deletes = !isCheckedOut(to.git.common, to.refs, own)
  await note(
    to.git,
    to.refs,
    new Map([
      [remoteRef(branch), commit],
      [landedRef(task), commit],
      ...shared.map(([ref]) => [ref, undefined] as const),
      ...(deletes ? [[own, undefined] as const] : []),
    ]),
  )
  to.seen.delete(task)
  return { outcome: 'landed' }
}

/** So that a task which was reopened may land once more, from whichever machine; what landed stays kept here. */
export async function unlandThere(to: Pushing, task: string): Promise<void> {
  const ref = landedRef(task)
  to.landed.delete(task)
  for (;;) {
    const there = await to.remote.ask([ref])
    if (isAway(there)) throw remoteAway(there)
    const commit = there.get(ref)
    if (commit === undefined) return note(to.git, to.refs, new Map([[ref, undefined]]))
    await keepLanded(to, task, commit)
    const pushed = await to.remote.push([...leasesOf([[ref, commit]]), '--', theRemote, `:${ref}`])
    if (pushed.outcome === 'failed') throw remoteAway({ away: pushed.words })
  }
}

async function keepLanded({ git, refs }: Pushing, task: string, commit: string): Promise<void> {
  const { code } = await git.run(git.bare, ['cat-file', '-e', commit], { also: [1, 128] })
  for (let n = 1; code === 0; n++) {
    const ref = rescueRef(task, `landed-${n}`)
    const now = await refs.read(ref)
    if (now === commit) return
    if (now === undefined) return void (await updateRefs(git, [`create ${ref} ${commit}`]))
  }
}
