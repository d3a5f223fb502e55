import { bad, type Finding, ok, warn } from './finding.ts'
import { openWorkspaceFor } from './open-workspace.ts'
import type { Project } from './open-project.ts'
import { wordsOfApart } from './remote-words.ts'

/** Whether work can travel: the remote is there, answers, may be pushed to, and the person's own branch is where it is. */
export async function checkRemote(project: Project): Promise<Finding[]> {
  const workspace = await openWorkspaceFor(project)
  const reached = await workspace.reach()
  if (!reached) return []
  const { name, problem } = reached
  const apart = await workspace.apart(project.target)
  return [
    problem === null
      ? ok('remote', `${name} answers and may be pushed to`)
      : bad('remote', `${name}: ${problem}`, `git ls-remote ${name}`),
    ...(apart ? [warn('branch', wordsOfApart(project.target, apart), remedyFor(apart, project.target))] : []),
  ]
}

const remedyFor = ({ remote, ahead }: { remote: string; ahead: number }, branch: string): string =>
  ahead === 0
    ? `git pull --ff-only ${remote} ${branch}`
    : `git pull --rebase ${remote} ${branch} && git push ${remote} ${branch}`
