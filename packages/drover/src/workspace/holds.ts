import type { Git } from './git.ts'

/** Whether this commit's history holds the landed commit; or, where the branch was rewritten, its trailer. */
export async function holds(git: Git, base: string, task: string, landed: string): Promise<boolean> {
  if (base === landed) return true
  const { code } = await git.run(git.bare, ['merge-base', '--is-ancestor', landed, base], { also: [1, 128] })
  if (code === 0) return true
  const format = '--format=%(trailers:key=Drover-Task,valueonly)'
  const { out } = await git.run(git.bare, [
    'log',
    '--first-parent',
    format,
    '--fixed-strings',
    `--grep=Drover-Task: ${task}`,
    base,
    '--',
  ])
  return out.split('\n').some((line) => line.trim() === task)
}
