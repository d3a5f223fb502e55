import type { Settings } from '../domain/settings.ts'
import type { Task } from '../domain/task.ts'

/** What an agent is told of other repositories, and of research, which changes nothing. */
export function researchSections(
  task: Pick<Task, 'type' | 'repos'>,
  settings: Pick<Settings, 'research.repos'>,
): string[] {
  const isResearch = task.type === 'research'
  const repos = [...new Set([...task.repos, ...(isResearch ? settings['research.repos'] : [])])]
  return [
    repos.length === 0
      ? ''
      : `## You may also read, and must not change\n\n${repos.map((path) => `- ${path}`).join('\n')}`,
    isResearch ? research : '',
  ].filter(Boolean)
}

const research = `## This is research

Change no file in the worktree and commit nothing: an attempt that leaves a change has failed. The answer is the summary of your report. Keep what you
find with the tool \`record_finding\` (summary, relevance, sourceRef), one call for each; the tasks that need this one are told of it.`
