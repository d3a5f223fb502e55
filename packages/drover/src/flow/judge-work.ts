import type { Report, Verdict } from '../domain/verdict.ts'
import { passed, verdictOf } from '../domain/verdict.ts'
import type { Crew } from './crew.ts'
import { readReportFile } from './report-file.ts'
import { markOf, type Keeping, type Ran, type Work } from './work.ts'

const tailBytes = 16 * 1024

/** What the agent says, what it left and what the checks show, in one verdict. Its processes are gone, its work is kept. */
export async function judgeWork(crew: Crew, work: Work, ran: Ran, kept: Keeping, signal: AbortSignal): Promise<Verdict> {
  const task = (await crew.reading.task(work.task))!
  const worktree = (await crew.workspace.find(work.owner))!.path
  const folder = crew.here.folderOf(work.task, work.attempt)
  const evidence = { task, attempt: work.attempt, worktree, base: kept.base, changed: kept.files, report: await lastReport(crew, work, folder), exitCode: ran.exitCode, signal: ran.signal, outputTail: await crew.system.tail(folder, tailBytes) }
  const verdict = (await crew.judgeFor(task.judge).judge(evidence, signal)) ?? verdictOf('unknown', 'nobody', 'no judge could tell how it went')
  if (!passed(verdict)) return verdict
  if (kept.problem !== null) return { ...verdict, verdict: 'fail', summary: kept.problem }
  if (kept.leftovers && !crew.settings['land.auto_commit']) return { ...verdict, verdict: 'fail', summary: 'it passed with uncommitted files, and land.auto_commit is off: commit what should land' }
  return task.verify && task.checks.length > 0 ? check(crew, work, verdict, { checks: task.checks, worktree, folder, base: kept.base }, signal) : verdict
}

/** The checks are run by drover on what the attempt left; a claim they contradict is a failed attempt. */
async function check(crew: Crew, work: Work, verdict: Verdict, about: { checks: readonly string[]; worktree: string; folder: string; base: string }, signal: AbortSignal): Promise<Verdict> {
  const checks: Verdict['checks'] = []
  for (const [i, command] of about.checks.entries()) {
    const env = crew.here.envOf({ task: work.task, parent: work.owner, attempt: work.attempt, worktree: about.worktree, base: about.base, slot: work.slot, extra: {} })
    const ran = await crew.system.run({ command, cwd: about.worktree, env, timeoutMs: crew.settings.task_timeout, logFile: `${about.folder}/check-${i + 1}.log`, mark: markOf(crew, work) }, signal)
    checks.push({ command, passed: ran.exitCode === 0, exitCode: ran.exitCode ?? -1, durationMs: Math.round(ran.durationMs), tail: ran.tail })
  }
  const red = checks.find((one) => !one.passed)
  return red ? { ...verdict, verdict: 'fail', checks, summary: `it said ${verdict.verdict}, but the check \`${red.command}\` ended with ${red.exitCode}` } : { ...verdict, checks }
}

/** The newest report of this attempt: through the daemon, or left in a file while no daemon answered. */
async function lastReport(crew: Crew, work: Work, folder: string): Promise<Report | null> {
  const said = await crew.reading.events(0, { task: work.task, types: ['task.reported'] }, 500)
  const ofThisAttempt = said.filter((event) => event.attempt === work.attempt).at(-1)
  if (ofThisAttempt?.type === 'task.reported') return ofThisAttempt.data.report
  return readReportFile(await crew.system.readFile(`${folder}/report.json`), (token) => crew.here.isTokenOf(token, work.task, work.attempt))
}
