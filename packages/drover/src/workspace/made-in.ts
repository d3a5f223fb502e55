import { join } from 'node:path'
import { readText } from './small-files.ts'
import type { Entries } from './worktree-file.ts'

const made = /^(?:commit|cherry-pick|revert|rebase.*\((?:pick|continue|reword|squash|fixup)\)|.*Merge made by)/

/** Whether a commit was made in the worktree of this task, and not only visited: its reflog says so, at no process. */
export async function wasMadeIn(entries: Entries, task: string, commit: string): Promise<boolean> {
  const gitDir = (await entries.of(task))?.gitDir
  const log = gitDir ? readText(join(gitDir, 'logs', 'HEAD')) : undefined
  return (log ?? '').split('\n').some((line) => {
    const [ids = '', words = ''] = line.split('\t')
    return ids.split(' ')[1] === commit && made.test(words)
  })
}
