import type { LandedWork } from '../ports/workspace.ts'
import type { Git } from './git.ts'

/** The tasks whose work is not in this commit's history: one question for all, and one each for those that seem to be missing. */
export async function lacking(git: Git, base: string, landed: readonly LandedWork[]): Promise<string[]> {
  const others = landed.filter(({ commit }) => commit !== base)
  if (others.length === 0) return []
  const input = `${[`^${base}`, ...others.map(({ commit }) => commit)].join('\n')}\n`
  const asked = await git.run(git.bare, ['rev-list', '--max-count=1', '--stdin'], { input, also: [128] })
  if (asked.code === 0 && asked.out === '') return []
  const missing: string[] = []
  for (const one of others) if (!(await isHeld(git, base, one))) missing.push(one.task)
  return missing
}

/** Its commit, or, where the branch was rewritten, its trailer. */
async function isHeld(git: Git, base: string, { task, commit }: LandedWork): Promise<boolean> {
  const { code } = await git.run(git.bare, ['merge-base', '--is-ancestor', commit, base], { also: [1, 128] })
  if (code === 0) return true
  const format = '--format=%(trailers:key=Drover-Task,valueonly)'
  const search = ['--fixed-strings', `--grep=Drover-Task: ${task}`]
  const { out } = await git.run(git.bare, ['log', '--first-parent', format, ...search, base, '--'])
  return out.split('\n').some((line) => line.trim() === task)
}
